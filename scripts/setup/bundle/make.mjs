import { createReadStream, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { addonArchive } from '../addon-cache.mjs';
import { size, stopwatch, sum } from '../amounts.mjs';
import { refusalOf, SetupError } from '../errors.mjs';
import { replaceText } from '../links.mjs';
import { withLock } from '../lock.mjs';
import * as packages from '../packages.mjs';
import { startByteProgress, waitFor, withProgress } from '../progress.mjs';
import { fillFor } from '../tensorflow.mjs';
import { shellWord } from '../processes.mjs';
import { wheelArchive, wheelFiles } from '../wheels.mjs';
import { pack, TarError } from './archives.mjs';
import { FORMAT, MANIFEST, nodePieceName, OWN_FILE, pieceName, titleOf } from './manifest.mjs';
import { PieceWriter } from './pieces.mjs';

/** @import { Project } from '../project.mjs' */
/** @import { Archive, Manifest } from './manifest.mjs' */
/**
 * The bundle to make; `node` is the Node executable.
 *
 * @typedef {{ folder: string, pieceBytes: number, slim: boolean, node?: string | undefined }} BundleOptions
 */
/**
 * The contents of an archive.
 *
 * @typedef {{ name: string, folder: string, files: string[], without: string[] }} Content
 */

/**
 * Writes everything that set-up needs to `folder`, for machines without a network: pieces first, the manifest last.
 *
 * @param {Project} project
 * @param {BundleOptions} options
 * @throws {SetupError} if something is not available or cannot be written, on one line
 */
export async function makeBundle(project, { folder, pieceBytes, slim, node }) {
  const { root, say } = project;
  if (node !== undefined && isNodeShared())
    throw new SetupError(
      '--node: this Node needs libraries of this system; use one from nodejs.org, or leave out --node',
    );
  const elapsed = stopwatch();
  await withLock(
    root,
    (who) => waitFor(project, `${who} of this folder is at work`),
    async (lock) => {
      if (!packages.isReady(project)) await packages.prepare(project, lock);
    },
  );
  const filled = await fillFor(project);
  try {
    prepareFolder(folder);
    await withLock(
      folder,
      (who) => waitFor(project, `${who} is writing ${folder}`),
      async () => {
        removeOld(folder);
        const contents = [packagesContent(project, slim), ...libraryContents(filled), ...addonContents(filled)];
        const writer = new PieceWriter(folder, pieceBytes, pieceName);
        const nodeWriter = new PieceWriter(folder, pieceBytes, nodePieceName);
        try {
          const archives = await packAll(project, contents, writer);
          if (node !== undefined) await withProgress(project, 'Node: packing', () => packNode(node, nodeWriter));
          /** @type {Manifest} */
          const manifest = {
            format: FORMAT,
            version: packages.ownVersion(root),
            platform: project.host.platform,
            arch: project.host.arch,
            device: filled.device,
            cuda: filled.cuda,
            slim,
            packages: packages.lockFingerprint(root),
            archives,
            pieces: writer.pieces,
            ...(node === undefined ? {} : { node: { version: process.version, pieces: nodeWriter.pieces } }),
          };
          replaceText(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
        } finally {
          await writer.abandon();
          await nodeWriter.abandon();
        }
        const files = writer.pieces.length + nodeWriter.pieces.length;
        say(
          `${folder}: ${size(writer.bytes + nodeWriter.bytes)} in ${files} piece${files === 1 ? '' : 's'}, ` +
            `made in ${elapsed()}; there: npm run setup -- --from ${shellWord(folder)}`,
        );
      },
    );
  } catch (error) {
    if (error instanceof TarError) throw new SetupError(`--bundle ${folder}: ${error.message}, and run this again`);
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    throw new SetupError(`--bundle ${folder}: cannot be written (${refusal.reason}); make room there, or name another`);
  }
}

/** Whether Node is in a shared library, as in some Linux distributions. */
function isNodeShared() {
  const { node_shared: shared } = /** @type {{ node_shared?: boolean }} */ (process.config.variables);
  return shared === true;
}

/**
 * Creates the folder, or reuses one with nothing but an earlier bundle in it.
 *
 * @param {string} folder
 */
function prepareFolder(folder) {
  mkdirSync(folder, { recursive: true });
  const other = readdirSync(folder).find((name) => !OWN_FILE.test(name));
  if (other !== undefined)
    throw new SetupError(
      `--bundle ${folder}: expected an empty folder or an earlier bundle, found ${other}; name another`,
    );
}

/** @param {string} folder */
function removeOld(folder) {
  // the manifest first: without it, the rest is not a bundle
  for (const name of [MANIFEST, ...readdirSync(folder)]) rmSync(join(folder, name), { force: true });
}

/**
 * The packages that npm installed, by its own record, without what set-up adds there.
 *
 * Packages are bundled as installed, not as npm's download cache: that is keyed by the registry's address and npm's
 * version, and for a lock file without addresses it must also contain lists of versions. Installed packages need
 * neither npm nor its settings, and their compiled parts use Node-API, which is the same for all versions of Node.
 *
 * @param {Project} project
 * @param {boolean} slim
 * @returns {Content}
 */
function packagesContent({ root, host }, slim) {
  const folder = join(root, 'node_modules');
  const files = [...packages.installedNames(root), '.bin', '.package-lock.json'].filter((name) =>
    existsSync(join(folder, name)),
  );
  const own = ['@tensorflow/tfjs-node-gpu/deps', '@tensorflow/tfjs-node-gpu/lib', '.bin/kd'];
  return { name: packages.ARCHIVE, folder, files, without: [...own, ...(slim ? packages.notOpened(host) : [])] };
}

/**
 * One archive per wheel, so that an interrupted set-up continues with the next, and what is already cached is kept.
 *
 * @param {Awaited<ReturnType<typeof fillFor>>} filled
 * @returns {Content[]}
 */
function libraryContents({ distribution, library }) {
  const [own] = distribution.wheels;
  const folder = own.folder === '' ? dirname(library.lib) : dirname(dirname(library.lib));
  return distribution.wheels
    .filter((wheel) => wheelFiles(wheel).length > 0)
    .map((wheel) => ({
      name: wheelArchive(wheel),
      folder: join(folder, wheel.folder),
      files: wheelFiles(wheel),
      without: [],
    }));
}

/**
 * @param {Awaited<ReturnType<typeof fillFor>>} filled
 * @returns {Content[]}
 */
function addonContents({ addons }) {
  return addons.map(({ addon, key, path }) => ({
    name: addonArchive(addon, key),
    folder: dirname(path),
    files: [addon.file],
    without: [],
  }));
}

/**
 * @param {Project} project
 * @param {readonly Content[]} contents
 * @param {PieceWriter} writer
 */
async function packAll(project, contents, writer) {
  const { say } = project;
  const total = contents.flatMap(({ folder, files }) => files.map((name) => bytesOf(join(folder, name))));
  const progress = startByteProgress(project, 'packing', sum(total));
  /** @type {Archive[]} */
  const archives = [];
  try {
    for (const { name, folder, files, without } of contents) {
      const [offset, elapsed] = [writer.bytes, stopwatch()];
      say(`${titleOf(name)}: packing …`);
      let read = 0;
      const onBytes = (/** @type {number} */ bytes) => {
        read += bytes;
        progress.add(bytes);
      };
      await pack(folder, files, { without, sink: writer.stream(), onBytes });
      archives.push({ name, offset, bytes: writer.bytes - offset });
      say(`${titleOf(name)}: ${size(read)} packed into ${size(writer.bytes - offset)} in ${elapsed()}`);
    }
    await writer.finish();
  } finally {
    progress.stop();
  }
  return archives;
}

/**
 * Bytes of a file, or of all files in a folder.
 *
 * @param {string} path
 */
function bytesOf(path) {
  if (!lstatSync(path).isDirectory()) return lstatSync(path).size;
  let bytes = 0;
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  return bytes;
}

/**
 * Node compressed by gzip, which every system can unpack: Node cannot unpack itself.
 *
 * @param {string} file
 * @param {PieceWriter} writer
 */
async function packNode(file, writer) {
  await pipeline(createReadStream(file), createGzip(), writer.stream());
  await writer.finish();
}
