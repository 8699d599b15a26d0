/** The names of one enum and their values on the wire: one table for both directions. */
export interface EnumTable<Name extends string, Value extends number> {
  toWire(name: Name): Value;
  /** Undefined for a value that has no name here: unspecified, or of a later version. */
  fromWire(value: Value | undefined): Name | undefined;
}

export function enumTable<Name extends string, Value extends number>(
  values: Readonly<Record<Name, Value>>,
): EnumTable<Name, Value> {
  const names = new Map(Object.entries(values).map(([name, value]) => [value as Value, name as Name]));
  return {
    toWire: (name) => values[name],
    fromWire: (value) => (value === undefined ? undefined : names.get(value)),
  };
}
