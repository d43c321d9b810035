/**
 * Keeps ONNX Runtime from reporting its use to Microsoft, which it does from 1.30 on and leaves `mat-debug-*.log` among
 * temporary files. To be called before the first session; a user's own ORT_DISABLE_TELEMETRY wins.
 */
export function disableOnnxTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
}
