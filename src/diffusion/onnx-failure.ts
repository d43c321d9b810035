/** @file Turns ONNX Runtime's errors into `InputError`s. */
import { InputError, messageOf } from '../base/errors.js';

/**
 * The error for a file of a version that ONNX Runtime does not know; undefined for any other error.
 *
 * @param error as ONNX Runtime threw it
 */
export function versionFailure(error: unknown, location: string): InputError | undefined {
  const text = messageOf(error);
  const [, got, most] =
    /Opset (\d+) is under development.* is till opset (\d+)/.exec(text) ??
    /Unsupported model IR version: (\d+), max supported IR version: (\d+)/.exec(text) ??
    [];
  if (got === undefined) return undefined;
  const what = text.includes('IR version') ? 'IR version' : 'opset';
  return new InputError(
    `${location}: expected an ONNX ${what} up to ${most}, which ONNX Runtime knows, got ${got}; export ` +
      'the model with an older one',
  );
}

/** The error for a file that ONNX Runtime does not load. */
export function loadFailure(error: unknown, location: string): InputError {
  return (
    versionFailure(error, location) ??
    new InputError(
      `${location}: expected an ONNX model that ONNX Runtime can load, got "${reasonOf(error, location)}"; get ` +
        'the file and those beside it again',
    )
  );
}

/**
 * ONNX Runtime's message without the path, with which our message begins, and without the location in its source code.
 */
export function reasonOf(error: unknown, location: string): string {
  const text = messageOf(error)
    .replaceAll(location, 'the file')
    .replace(/^(.*failed: ?)\1/, '$1')
    .replace(/\/onnxruntime_src\/\S+ .*?\) (?=[A-Z])/, ' ');
  return text.length > 240 ? `${text.slice(0, 240)}…` : text;
}
