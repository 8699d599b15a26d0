/*
 * ONNX Runtime reports its use to its maker, and writes logs of that into the temporary folder, unless told not to before
 * it is loaded. Imported before it, on the main thread: a worker thread's variables do not reach native code.
 */
process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
