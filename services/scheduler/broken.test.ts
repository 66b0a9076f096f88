// A bug of ours that some services meet: what it costs the others.
import type { Reducer } from '@muster/runtime';
import type { Service } from '@muster/state';
import {
  appendDecision,
  createService,
  createTasks,
  decideOnce,
  type History,
  joinReadyNode,
  spreadOf,
  startHistory,
} from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createScheduler } from './scheduler.ts';

let history: History;
let scheduler: Reducer;
beforeEach(() => {
  history = startHistory();
  scheduler = createScheduler();
});

const reserve = (cpus: number) => ({ resources: { reservations: { cpus } } });

describe('a bug that services meet', () => {
  /** What it reserves can't be read once this many nodes were looked at for it. */
  function breakAfter(service: Service, looks: number): void {
    let left = looks;
    Object.defineProperty(service.version.spec.resources, 'reservations', {
      get() {
        if (left-- > 0) return { nanoCpus: 1e9, memoryBytes: 0 };
        throw new Error('a bug');
      },
    });
  }

  it('leaves the others and their nodes as they were, and is met again only after a while', () => {
    for (const id of ['n1', 'n2']) joinReadyNode(history, id);
    const [first, web, last] = ['first', 'web', 'last'].map((name) => {
      const service = createService(history, name, reserve(1));
      createTasks(history, service, name === 'web' ? 8 : 2);
      return service;
    }) as [Service, Service, Service];
    breakAfter(first, 0);
    breakAfter(last, 1);
    for (let turn = 0; turn < 4; turn += 1)
      for (const decision of decideUnlessBroken()) expect(appendDecision(history, decision)).toBe(true);
    expect(spreadOf(web)).toEqual({ n1: 4, n2: 4 });
    expect(scheduler.nextWake()).toBeGreaterThan(history.now);
    expect([first, last].map(({ pending }) => pending.size)).toEqual([2, 2]);
  });

  it('is told when nothing else is to be done', () => {
    joinReadyNode(history, 'n1');
    const broken = createService(history, 'broken', reserve(1));
    createTasks(history, broken, 1);
    breakAfter(broken, 0);
    expect(decideOnce(history, scheduler)).toEqual([]);
    expect(() => decideOnce(history, scheduler)).toThrow('a bug');
    expect(decideOnce(history, scheduler)).toEqual([]);
    expect(() => scheduler.decide(history.state, scheduler.nextWake()!)).not.toThrow();
    expect(() => scheduler.decide(history.state, history.now + 10_001)).toThrow('a bug');
  });

  function decideUnlessBroken() {
    try {
      return decideOnce(history, scheduler);
    } catch {
      return [];
    }
  }
});
