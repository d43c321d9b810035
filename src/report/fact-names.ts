/** English names of a run's facts (machine, versions, models and data), keyed by their names in `config.json`. */
export const FACT_NAMES: Readonly<Record<string, string>> = {
  created: 'started',
  engine: 'engine',
  precision: 'precision',
  precisionReason: 'why that precision',
  backend: 'backend',
  device: 'device',
  kd: 'kd',
  node: 'Node.js',
  tensorflow: 'TensorFlow',
  teacher: 'teacher’s parameters',
  student: 'student’s parameters',
  devices: 'devices',
  textLengths: 'text lengths',
  data: 'token store',
  pairs: 'pairs (training + validation)',
  fingerprint: 'fingerprint of the pairs',
};
