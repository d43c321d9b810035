/** @file Findings about TensorFlow: whether it loads, what it uses, how fast it multiplies. */
import { KD } from '../../base/own-command.js';
import { setupCommand } from '../../base/setup-command.js';
import { formatBytes, formatFlops } from '../../base/format.js';
import { choosePrecision } from '../../engine/precision.js';
import { NO_ANSWER } from '../../tensorflow/machine.js';
import type { DeviceChoice } from '../../tensorflow/device-choice.js';
import { hasTensorCores, type Nvidia } from '../../tensorflow/nvidia.js';
import type { Finding } from './finding.js';
import { ENOUGH_FILES, type MachineFacts } from './machine-facts.js';
import type { TensorflowReport } from './probe.js';

/** Reports whether TensorFlow can be loaded, and which version. */
export function tensorflowFinding(machine: MachineFacts, report: TensorflowReport | string): Finding {
  if (typeof report === 'string')
    return {
      name: 'TensorFlow',
      ok: false,
      found: report.startsWith(NO_ANSWER) ? `it gives ${report}` : `it crashes when it is loaded (${report})`,
      remedy:
        machine.openFiles < ENOUGH_FILES
          ? 'it may need more open files: raise the limit before anything else, ulimit -n 1024'
          : `run ${setupCommand()}; if that does not help, use --backend cpu`,
    };
  const { backend, version, reason } = report.backend;
  const path = machine.setup()?.libtensorflow?.path;
  if (backend === 'tensorflow')
    return {
      name: 'TensorFlow',
      ok: true,
      found: `${version ?? 'of unknown version'}${path === undefined ? '' : `, ${path}`}`,
    };
  const [found, remedy] = splitReason(reason ?? `not there; run ${setupCommand()}`);
  return { name: 'TensorFlow', ok: false, found, remedy };
}

/** Splits a reason from its remedy, which follows the last semicolon. */
function splitReason(reason: string): [string, string] {
  const at = reason.lastIndexOf('; ');
  return at === -1 ? [reason, `run ${setupCommand()}`] : [reason.slice(0, at), reason.slice(at + 2)];
}

/** Reports the device that TensorFlow says it uses. */
export function usedFinding(nvidia: Nvidia, device: DeviceChoice, report: TensorflowReport | string): Finding {
  if (typeof report !== 'string' && report.backend.device === 'gpu') {
    const { name = 'a GPU', usableBytes } = report.backend.gpu ?? {};
    const room = usableBytes === undefined ? '' : ` with ${formatBytes(usableBytes)} for tensors`;
    return { name: 'device', ok: true, found: `${name}${room}, TensorFlow reports` };
  }
  if (device === 'cpu') return { name: 'device', ok: true, found: 'the CPU, as asked' };
  if (nvidia.state === 'absent' && device === 'auto')
    return { name: 'device', ok: true, found: 'the CPU (no NVIDIA GPU found)' };
  const [found, remedy] =
    typeof report === 'string' ? ['nothing', 'see above'] : splitReason(report.backend.reason ?? 'no GPU; see above');
  return { name: 'device', ok: false, found: found.startsWith('no GPU') ? found : `no GPU: ${found}`, remedy };
}

/** Reports the measured rates of products. They ran on the device in use, since the graph names it. */
export async function* speedFindings(
  machine: MachineFacts,
  choice: DeviceChoice,
  report: TensorflowReport,
): AsyncGenerator<Finding> {
  const {
    backend: { backend, device, gpu },
    rates,
    bfloat16Blocker,
    failure,
  } = report;
  if (backend === 'cpu') return;
  const verbose = `TF_CPP_MIN_LOG_LEVEL=0 ${KD} doctor`;
  const remedy = `\`${verbose}\` shows what TensorFlow says; --device cpu does without the GPU`;
  if (rates === undefined) {
    yield { name: 'matmul', ok: false, found: `none ran on the ${device} (${failure ?? 'no reason given'})`, remedy };
    return;
  }
  const measured: [string, number][] = [['float32', rates.float32]];
  if (device === 'gpu' && gpu !== undefined && hasTensorCores(gpu)) {
    const second = await machine.loadTensorflow({ device: choice, tf32: true });
    if (typeof second !== 'string' && second.rates !== undefined) measured.push(['TF32', second.rates.float32]);
  }
  if (rates.bfloat16 !== undefined) measured.push(['bfloat16', rates.bfloat16]);
  const where = device === 'gpu' ? 'ran on the GPU' : 'ran on the CPU';
  const auto = await choosePrecision('auto', { device, gpu, isRecorded: true, isLarge: true }, undefined, {
    features: machine.cpu.features,
    env: machine.env,
    rates: () => Promise.resolve({ bfloat16: 0, ...rates }),
  });
  yield {
    name: 'matmul',
    ok: true,
    found:
      `${where}: ${measured.map(([name, rate]) => `${formatFlops(rate)} in ${name}`).join(', ')}` +
      (bfloat16Blocker === undefined ? '' : `; none in bfloat16, which ${bfloat16Blocker} keeps oneDNN from using`) +
      `; --precision auto takes ${auto.precision} for large models`,
  };
}
