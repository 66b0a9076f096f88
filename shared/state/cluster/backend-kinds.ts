// Which backends the nodes of the cluster have, those that are down included: by them it is known which nodes a task is
// for. The rule is the model's (backend-fit.ts); here it is asked once for each version, not for each node.
import { fitBackends } from '@muster/model';
import type { TaskVersion } from './tasks/task-version.ts';

export class BackendKinds {
  /** How many nodes have each. */
  private readonly nodes = new Map<string, number>();
  private fits = new WeakMap<TaskVersion, ReadonlySet<string>>();

  /** True when it is the first of its kind, by which other nodes may be for other tasks than before. */
  add(kind: string): boolean {
    const before = this.nodes.get(kind) ?? 0;
    this.nodes.set(kind, before + 1);
    return before === 0 && this.forgetFits();
  }

  /** True when it was the last of its kind. */
  delete(kind: string): boolean {
    const left = this.nodes.get(kind)! - 1;
    if (left > 0) this.nodes.set(kind, left);
    else this.nodes.delete(kind);
    return left === 0 && this.forgetFits();
  }

  suits(version: TaskVersion, kind: string): boolean {
    return this.nodes.size < 2 || this.fitFor(version).has(kind);
  }

  private fitFor(version: TaskVersion): ReadonlySet<string> {
    const known = this.fits.get(version);
    if (known) return known;
    const fit = fitBackends(version.spec.containerSpec.image, new Set(this.nodes.keys()));
    this.fits.set(version, fit);
    return fit;
  }

  private forgetFits(): true {
    this.fits = new WeakMap();
    return true;
  }
}
