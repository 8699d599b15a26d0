/*
 * ONNX Runtime reports usage to its vendor, and logs that in the temporary folder, unless told not to before
 * it is loaded. Import this first, on the main thread: a worker thread's variables do not reach native code.
 */
process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
