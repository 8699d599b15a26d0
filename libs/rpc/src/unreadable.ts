import type { InvalidInput } from '@weir/base';

/** Stands where a message would, when its bytes are none. */
export class Unreadable {
  readonly fault: InvalidInput;

  constructor(fault: InvalidInput) {
    this.fault = fault;
  }
}
