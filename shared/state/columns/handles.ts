// Numbers for objects, so that rows can name them. Numbers of objects that are gone are given again.

export class Handles<T> {
  private readonly items: (T | undefined)[] = [undefined];
  private readonly free: number[] = [];

  add<Item extends T>(make: (handle: number) => Item): Item {
    const handle = this.free.pop() ?? this.items.length;
    const item = make(handle);
    this.items[handle] = item;
    return item;
  }

  /** Undefined for 0, which says "none". */
  get(handle: number): T | undefined {
    return this.items[handle];
  }

  release(handle: number): void {
    this.items[handle] = undefined;
    this.free.push(handle);
  }

  /** At its old place. Call `adopt` after the last. */
  put(handle: number, item: T): void {
    while (this.items.length < handle) this.items.push(undefined);
    this.items[handle] = item;
  }

  adopt(): void {
    for (let handle = this.items.length - 1; handle > 0; handle -= 1) {
      if (this.items[handle] === undefined) this.free.push(handle);
    }
  }

  capture(): Handles<T> {
    const captured = new Handles<T>();
    for (let handle = 1; handle < this.items.length; handle += 1) captured.items[handle] = this.items[handle];
    return captured;
  }

  *[Symbol.iterator](): Generator<readonly [handle: number, item: T]> {
    for (let handle = 1; handle < this.items.length; handle += 1) {
      const item = this.items[handle];
      if (item !== undefined) yield [handle, item];
    }
  }
}
