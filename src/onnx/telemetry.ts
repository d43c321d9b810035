/**
 * Keeps ONNX Runtime from reporting its use to Microsoft, as it does from 1.30 on, leaving `mat-debug-*.log` among the
 * temporary files. Must be called before the first session. A user's own ORT_DISABLE_TELEMETRY takes precedence.
 */
export function disableOnnxTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
}
