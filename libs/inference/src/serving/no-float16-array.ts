// ONNX Runtime's binding reads half floats from a Uint16Array only, and its JavaScript part makes them a Float16Array
// wherever there is one: they arrive empty. Import this before the first tensor, on a thread that does nothing else.
delete (globalThis as { Float16Array?: unknown }).Float16Array;
export {};
