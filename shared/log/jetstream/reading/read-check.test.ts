import type { StreamInfo } from '@nats-io/jetstream';
import { describe, expect, it } from 'vitest';
import { isPassing } from '../writing/retrying.ts';
import { believed } from './read-check.ts';

const info = (cluster?: StreamInfo['cluster']) => ({ ...(cluster && { cluster }) }) as StreamInfo;

describe('what is said of a stream', () => {
  it.each([
    ['by a server alone', info()],
    ['by a leader', info({ leader: 'n1', replicas: [] })],
  ])('%s is believed', (_, said) => {
    expect(believed(said)).toBe(said);
  });

  it.each([
    ['without a leader', info({ replicas: [] })],
    ['where its name is empty', info({ leader: '', replicas: [] })],
  ])('%s passes', (_, said) => {
    let thrown: unknown;
    try {
      believed(said);
    } catch (error) {
      thrown = error;
    }
    expect(isPassing(thrown)).toBe(true);
  });
});
