import { describe, expect, it } from 'vitest';
import type { NodeDescription } from '../node.ts';
import {
  type ConstrainedNode,
  type Constraint,
  matchConstraint,
  nodeSatisfies,
  parseConstraint,
} from './constraint.ts';

// SwarmKit's own cases are vectors (test/conformance); here is what they leave open.

function describeNode(overrides: Partial<NodeDescription> = {}): ConstrainedNode {
  const description: NodeDescription = {
    hostname: 'one',
    platform: { os: 'linux', architecture: 'x86_64' },
    resources: { nanoCpus: 0, memoryBytes: 0 },
    engine: { backend: 'docker', version: '27', labels: {} },
    labels: {},
    ...overrides,
  };
  return { id: 'node1', description };
}

function parse(text: string): Constraint {
  const constraint = parseConstraint(text);
  if ('error' in constraint) throw new Error(constraint.error);
  return constraint;
}

const satisfies = (node: ConstrainedNode, text: string) => nodeSatisfies(node, parse(text));

describe('parseConstraint', () => {
  it('looks for == before != wherever they stand', () => {
    expect(parseConstraint('node.id!=a==b')).toEqual({ error: "key 'node.id!=a' is invalid" });
  });

  it('trims what Unicode calls space, and nothing else', () => {
    expect(parseConstraint('\u00a0node.id\u2003==\u0085x ')).toEqual({
      key: 'node.id',
      operator: '==',
      value: 'x',
    });
    expect(parseConstraint('node.id==\ufeffx')).toEqual({ error: "value '\ufeffx' is invalid" });
    expect(parseConstraint('node.id==a\u00a0b')).toEqual({ error: "value 'a\u00a0b' is invalid" });
  });
});

describe('matchConstraint', () => {
  it('takes != as: none of the candidates', () => {
    expect(matchConstraint(parse('x.y!=a'), ['b', 'A'])).toBe(false);
    expect(matchConstraint(parse('x.y!=a'), [])).toBe(true);
    expect(matchConstraint(parse('x.y==a'), [])).toBe(false);
  });

  it('folds case as Go does', () => {
    expect(matchConstraint(parse('x.y==sk'), ['\u017f\u212a'])).toBe(true);
  });
});

describe('nodeSatisfies', () => {
  it('reads labels by their own name only', () => {
    for (const label of ['constructor', 'toString', '__proto__']) {
      expect(satisfies(describeNode(), `node.labels.${label}!=x`)).toBe(true);
      expect(satisfies(describeNode(), `engine.labels.${label}==x`)).toBe(false);
    }
    expect(satisfies(describeNode({ labels: { constructor: 'x' } }), 'node.labels.constructor==x')).toBe(
      true,
    );
  });

  it('knows no key by inheritance', () => {
    expect(satisfies(describeNode(), 'constructor!=x')).toBe(false);
  });

  it('compares the prefix of a label without regard to case, and its name with', () => {
    const node = describeNode({ labels: { Disk: 'ssd' } });
    expect(satisfies(node, 'NODE.Labels.Disk==ssd')).toBe(true);
    expect(satisfies(node, 'node.labels.disk==ssd')).toBe(false);
  });

  it('never matches a label without a name', () => {
    expect(satisfies(describeNode(), 'node.labels.!=x')).toBe(false);
    expect(satisfies(describeNode(), 'engine.labels.!=x')).toBe(false);
  });

  it.each([
    ['amd64', 'node.platform.arch==x86_64', true],
    ['amd64', 'node.platform.arch==X86_64', true],
    ['amd64', 'node.platform.arch!=x86_64', false],
    ['amd64', 'NODE.platform.arch==amd64', true],
    ['arm64', 'node.platform.arch==aarch64', true],
    ['arm64', 'node.platform.arch==x86_64', false],
    ['x86_64', 'node.platform.arch==x86_64', true],
    ['amd64', 'node.platform.os==x86_64', false],
  ])('on %s: %s is %s', (architecture, text, expected) => {
    const platform = { os: 'linux', architecture };
    expect(satisfies(describeNode({ platform }), text)).toBe(expected);
  });

  it('takes every node for a worker unless it says otherwise', () => {
    expect(satisfies(describeNode(), 'node.role==worker')).toBe(true);
    expect(satisfies({ ...describeNode(), role: 'manager' }, 'node.role!=worker')).toBe(true);
  });

  it.each([
    ['10.1.2.3', 'node.ip==10.1.0.0/16', true],
    ['10.1.2.3', 'node.ip==10.2.3.4/15', false],
    ['10.1.2.3', 'node.ip==::ffff:10.1.2.3', true],
    ['10.1.2.3', 'node.ip==::ffff:10.0.0.0/104', true],
    ['10.1.2.3', 'node.ip==::ffff:10.0.0.0/95', false],
    ['10.1.2.3', 'node.ip==::/0', false],
    ['2001:db8::1', 'node.ip==0.0.0.0/0', false],
    ['2001:db8::1', 'node.ip==::/0', true],
    ['2001:db8::1', 'node.ip==2001:DB8:0:0::/32', true],
    ['10.1.2.3', 'node.ip!=10.1.2.3/32', false],
    ['', 'node.ip!=10.0.0.0/8', true],
    ['', 'node.ip==0.0.0.0/0', false],
    ['fe80::1%eth0', 'node.ip==fe80::/10', false],
  ])('node at %j: %s is %s', (addr, text, expected) => {
    expect(satisfies(describeNode({ addr }), text)).toBe(expected);
  });

  it.each(['10.0.0.0/', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/+8', '010.0.0.0', '10.0.0', '::/129'])(
    'never matches node.ip with %s',
    (value) => {
      expect(satisfies(describeNode({ addr: '10.0.0.1' }), `node.ip==${value}`)).toBe(false);
      expect(satisfies(describeNode({ addr: '10.0.0.1' }), `node.ip!=${value}`)).toBe(false);
    },
  );
});
