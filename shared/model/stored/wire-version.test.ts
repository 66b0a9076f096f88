import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { serviceSpecSchema } from '../spec/service-spec.ts';
import { storedForm } from './stored-form.ts';
import { since } from './wire-version.ts';
import { dropYounger, findYounger, hasField, listNeeds, withoutYounger } from './younger-fields.ts';

const schema = z.strictObject({
  name: z.string(),
  mode: z.strictObject({ fast: since(2, z.boolean().default(true)) }).prefault({}),
  ports: z.array(z.strictObject({ target: z.int(), name: since(3, z.string().optional()) })).default([]),
});

describe('a field that is younger than the cluster’s version', () => {
  const body = { name: 'web', mode: { fast: false }, ports: [{ target: 1 }, { target: 2, name: 'http' }] };

  it('is refused by the name that the user gave it', () => {
    expect(findYounger(body, schema, 1)).toBe('mode.fast');
    expect(findYounger(body, schema, 2)).toBe('ports.1.name');
    expect(findYounger(body, schema, 3)).toBeUndefined();
    expect(findYounger({ name: 'web' }, schema, 1)).toBeUndefined();
    expect(findYounger(null, schema, 1)).toBeUndefined();
  });

  it('is not written because it has a default', () => {
    const spec = schema.parse({ name: 'web', ports: [{ target: 1 }] });
    dropYounger(spec, schema, 1);
    expect(spec).toEqual({ name: 'web', mode: {}, ports: [{ target: 1 }] });
  });

  it('is not held by a cluster that cannot store it, though it is read with the default', () => {
    const read = schema.parse({ name: 'web' });
    expect(withoutYounger(read, schema, 1)).toEqual({ name: 'web', mode: {}, ports: [] });
    expect(read.mode.fast, 'others hold it').toBe(true);
    expect(withoutYounger(read, schema, 3)).toBe(read);
  });
});

describe('what an agent must understand', () => {
  const task = z.object({
    shm: since(2, z.int().optional()),
    hint: since(2, z.object({ of: since(3, z.string()) }).optional(), { agents: 'may' }),
    mounts: z.array(z.object({ type: z.string(), driver: since(3, z.string().optional()) })).optional(),
    labels: z.record(z.string(), z.string()),
  });

  it('is what is there and younger than the first version, unless it may be ignored', () => {
    const mounts = [{ type: 'bind' }, { type: 'volume', driver: 'nfs' }];
    expect(listNeeds({ shm: 1, hint: { of: 'x' }, mounts, labels: {} }, task)).toEqual([
      'shm',
      'mounts.*.driver',
    ]);
    expect(listNeeds({ mounts: [{ type: 'bind' }], labels: {} }, task)).toEqual([]);
    expect(listNeeds({ shm: 1, hint: {} }, storedForm(task))).toEqual(['shm']);
  });

  it('is known by its path', () => {
    for (const path of ['shm', 'hint.of', 'mounts.*.driver', 'mounts.3', 'labels.x'])
      expect(hasField(task, path.split('.'))).toBe(true);
    for (const path of ['shn', 'shm.of', 'hint.by', 'mounts.*.size', 'toString'])
      expect(hasField(task, path.split('.'))).toBe(false);
  });
});

describe('a stored form', () => {
  it('is complete: nothing in it has the default of a build', () => {
    const stored = storedForm(serviceSpecSchema);
    const complete = serviceSpecSchema.parse({
      name: 'web',
      taskTemplate: { containerSpec: { image: 'nginx' } },
    });
    expect(stored.parse(complete)).toEqual(complete);
    const { labels: _, ...without } = complete;
    expect(stored.safeParse(without).success).toBe(false);
  });

  it('holds no durations as people write them', () => {
    const complete = serviceSpecSchema.parse({ name: 'web', updateConfig: { delay: '5s' } });
    expect(complete.updateConfig.delay).toBe(5e9);
    const asWritten = { ...complete, updateConfig: { ...complete.updateConfig, delay: '5s' } };
    expect(storedForm(serviceSpecSchema).safeParse(asWritten).success).toBe(false);
  });

  it('keeps the marks of younger fields', () => {
    expect(findYounger({ mode: { fast: true } }, storedForm(schema), 1)).toBe('mode.fast');
  });
});
