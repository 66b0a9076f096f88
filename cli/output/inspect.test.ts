import type { NodeDetail } from '@muster/api';
import { describe, expect, it } from 'vitest';
import { toDockerNode, toDockerService, toDockerTask } from './docker-json.ts';
import { printObjects } from './inspect.ts';
import { printNodePretty } from './pretty-node.ts';
import { printServicePretty } from './pretty-service.ts';
import { TemplateError } from './template.ts';
import { makeNode, makeService, makeTask } from './views.fixture.ts';

const full = {
  replicas: 3,
  labels: { nanoCpus: 'x', 'com.example.team': 'blue' },
  args: ['nginx', '-g'],
  env: ['A=1'],
  resources: { limits: { cpus: 0.5, memory: '64m' }, reservations: { memory: '32m' } },
  restart: { condition: 'on-failure', delay: '1m30s', maxAttempts: 3 },
  placement: ['node.labels.zone==a'],
  ports: ['published=8080,target=80,mode=host'],
  mounts: ['/srv:/data:ro'],
};

const updateStatus = {
  state: 'completed',
  message: 'update in progress',
  startedAt: Date.UTC(2026, 0, 1),
  completedAt: Date.UTC(2026, 0, 1, 0, 1),
};

describe('inspect', () => {
  it('of a service has the update and the spec before as Docker has them', () => {
    const previousSpec = makeService({ update: { failureAction: 'rollback', monitor: '30s' } }).spec;
    expect(toDockerService(makeService(full, { updateStatus, previousSpec }))).toMatchObject({
      PreviousSpec: {
        UpdateConfig: {
          Parallelism: 1,
          Delay: 0,
          Order: 'stop-first',
          FailureAction: 'rollback',
          Monitor: 30e9,
          MaxFailureRatio: 0,
        },
        RollbackConfig: { FailureAction: 'pause' },
      },
      UpdateStatus: {
        State: 'completed',
        StartedAt: '2026-01-01T00:00:00.000Z',
        CompletedAt: '2026-01-01T00:01:00.000Z',
        Message: 'update in progress',
      },
    });
    expect(JSON.stringify(toDockerService(makeService(full)))).not.toMatch(/PreviousSpec|UpdateStatus/);
  });

  it('uses the names of Docker, and leaves the names of the user alone', () => {
    const service = toDockerService(makeService(full)) as { Spec: Record<string, unknown> };
    expect(service).toMatchObject({
      ID: 's'.repeat(25),
      Version: { Index: 8 },
      CreatedAt: '2026-01-01T00:00:00.000Z',
      Spec: {
        Name: 'web',
        Labels: { nanoCpus: 'x', 'com.example.team': 'blue' },
        TaskTemplate: {
          ContainerSpec: {
            Image: 'nginx:alpine',
            Args: ['nginx', '-g'],
            Env: ['A=1'],
            Mounts: [{ Type: 'bind', Source: '/srv', Target: '/data', ReadOnly: true }],
          },
          Resources: { Limits: { NanoCPUs: 5e8, MemoryBytes: 64 * 1024 ** 2 } },
          RestartPolicy: { Condition: 'on-failure', Delay: 90e9, MaxAttempts: 3 },
          Placement: { Constraints: ['node.labels.zone==a'] },
        },
        Mode: { Replicated: { Replicas: 3 } },
      },
      Endpoint: { Ports: [{ Protocol: 'tcp', TargetPort: 80, PublishedPort: 8080, PublishMode: 'host' }] },
    });
  });

  it('of a task tells how it is, as Docker does', () => {
    expect(toDockerTask(makeTask({ state: 'failed', err: 'exit', exitCode: 3, runId: 'c1' }))).toMatchObject({
      Slot: 1,
      NodeID: 'n'.repeat(25),
      DesiredState: 'running',
      Status: { State: 'failed', Err: 'exit', ContainerStatus: { ContainerID: 'c1', ExitCode: 3 } },
    });
    expect(JSON.parse(JSON.stringify(toDockerTask(makeTask())))).not.toHaveProperty('Status.Err');
  });

  it('of a node tells what it is', () => {
    expect(toDockerNode(makeNode())).toMatchObject({
      Version: { Index: 7 },
      Spec: { Labels: { zone: 'a' }, Role: 'worker', Availability: 'active' },
      Description: {
        Hostname: 'node1',
        Labels: { rack: '7' },
        Resources: { NanoCPUs: 4e9 },
        Engine: { Labels: { disk: 'ssd' } },
      },
      Status: { State: 'ready', Addr: '10.0.0.1' },
    });
  });

  it('of a node tells of a manager alone how it is reached', () => {
    const reachability = ({ role }: { role: 'worker' | 'manager' }, fields: Partial<NodeDetail> = {}) =>
      printObjects([toDockerNode(makeNode({ role, ...fields }))], '{{.ManagerStatus.Reachability}}').trim();
    expect(reachability({ role: 'manager' })).toBe('reachable');
    expect(reachability({ role: 'manager' }, { status: 'down' })).toBe('unavailable');
    expect(reachability({ role: 'worker' })).toBe('');
    expect(JSON.stringify(toDockerNode(makeNode()))).not.toContain('ManagerStatus');
  });

  it('prints an array, on many lines or on one, or each through a template', () => {
    const objects = [toDockerNode(makeNode()), toDockerNode(makeNode())];
    const array = JSON.parse(JSON.stringify(objects));
    expect(JSON.parse(printObjects(objects, undefined))).toEqual(array);
    expect(printObjects(objects, 'json').trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(printObjects(objects, 'json'))).toEqual(array);
    expect(printObjects([], 'json')).toBe('[]\n');
    objects.pop();
    expect(printObjects(objects, '{{.Description.Hostname}}: {{.Spec.Labels}} {{.Spec.Labels.none}}')).toBe(
      'node1: map[zone:a] <no value>\n',
    );
  });
});

describe('a template on what is inspected', () => {
  const task = [toDockerTask(makeTask())];
  const service = [toDockerService(makeService())];

  it.each(['{{.Nope}}', '{{.Status.Nope}}', '{{.Spec.ContainerSpec.Imgae}}'])('refuses %s', (format) => {
    expect(() => printObjects(task, format)).toThrow(TemplateError);
  });

  it.each([
    ['{{.Status.Err}}|{{.Replaces}}|{{.Status.ContainerStatus.ExitCode}}', '||0'],
    [
      '{{.Spec.ContainerSpec.Hostname}}|{{.Spec.ContainerSpec.TTY}}|{{.Spec.ContainerSpec.Args}}',
      '|false|[]',
    ],
    ['{{range .Spec.ContainerSpec.Mounts}}{{.Source}}{{end}}{{.Spec.Placement.Preferences}}', '[]'],
    ['{{.Labels.none}}', '<no value>'],
  ])('%s finds what is left out while it is empty', (format, output) => {
    expect(printObjects(task, format)).toBe(`${output}\n`);
    expect(JSON.stringify(task)).not.toMatch(/"Err"|"Hostname"|"Replaces"/);
  });

  it('of a service finds labels and the team that it has not', () => {
    expect(printObjects(service, '{{.Team}}|{{.Spec.Labels.none}}')).toBe('|<no value>\n');
    expect(() => printObjects(service, '{{.JobStatus}}')).toThrow(TemplateError);
  });

  it('of a service finds what its update has come to, if it had one', () => {
    const format =
      '{{if .UpdateStatus}}{{.UpdateStatus.State}}: {{.UpdateStatus.Message}}{{else}}none{{end}}';
    expect(printObjects(service, format)).toBe('none\n');
    const paused = toDockerService(makeService(full, { updateStatus: { ...updateStatus, state: 'paused' } }));
    expect(printObjects([paused], format)).toBe('paused: update in progress\n');
  });
});

it.each([undefined, 'json', '{{.Description.Hostname}}', '{{json .}}'])(
  'prints what an agent calls itself as plain text: %s',
  (format) => {
    const node = makeNode();
    const description = { ...node.description, hostname: 'a\x1b[2Jb\x9bc\u202ed' };
    const text = printObjects([toDockerNode({ ...node, description })], format);
    expect(text).toContain('a\\u001b[2Jb\\u009bc\\u202ed');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about.
    expect(text).not.toMatch(/[\x1b\x9b\u202e]/);
  },
);

it('prints a node for people', () => {
  const spec = { availability: 'drain', role: 'manager', labels: { zone: 'a' } } as const;
  expect(printNodePretty(makeNode({ spec, role: 'manager', statusMessage: 'heard of' }))).toBe(
    `ID:        ${'n'.repeat(25)}
Labels:
 zone:     a
Hostname:  node1
Joined at: 2026-01-01T00:00:00.000Z
Status:
 State:        Ready
 Message:      heard of
 Availability: Drain
 Address:      10.0.0.1
Manager Status:
 Reachability: Reachable
Platform:
 Operating System: linux
 Architecture:     amd64
Resources:
 CPUs:   4
 Memory: 8GiB
Engine Version: 20.10.24
Backend:        docker
Engine Labels:
 disk:          ssd
Agent Labels:
 rack:          7
`,
  );
});

it('shows a global service, and its tasks without a slot, as Docker does', () => {
  const service = makeService({ mode: 'global' }, { mode: 'global', replicas: 2 });
  expect(toDockerService(service)).toMatchObject({ Spec: { Mode: { Global: {} } } });
  expect(printServicePretty(service)).toMatch(/^Service Mode: Global$/m);
  expect(printServicePretty(service)).not.toContain('Replicas');
  const task = toDockerTask(makeTask({ slot: 0, place: 'n1' }));
  expect(task).toMatchObject({ Name: 'web.n1' });
  expect(Object.keys(task)).not.toContain('Slot');
});

it('prints a service for people', () => {
  expect(
    printServicePretty(makeService(full, { unschedulable: 'no suitable node' })),
  ).toBe(`ID:                sssssssssssssssssssssssss
Name:              web
Labels:
 nanoCpus:         x
 com.example.team: blue
Service Mode:      Replicated
 Replicas:         3
Unschedulable:     no suitable node
Placement:
 Constraints: node.labels.zone==a
UpdateConfig:
 Parallelism:       1
 On failure:        pause
 Monitoring Period: 5s
 Max failure ratio: 0
 Update order:      stop-first
RollbackConfig:
 Parallelism:       1
 On failure:        pause
 Monitoring Period: 5s
 Max failure ratio: 0
 Rollback order:    stop-first
RestartPolicy:
 Condition:    on-failure
 Delay:        1m30s
 Max attempts: 3
ContainerSpec:
 Image: nginx:alpine
 Args:  nginx -g
 Env:   A=1
Mounts:
 Target:    /data
  Source:   /srv
  ReadOnly: true
  Type:     bind
Resources:
 Reservations:
  Memory:      32MiB
 Limits:
  CPU:         0.5
  Memory:      64MiB
Ports:
 PublishedPort: 8080
  Protocol:     tcp
  TargetPort:   80
  PublishMode:  host
`);
});

it('prints for people what an update has come to', () => {
  const now = Date.UTC(2026, 0, 1, 1);
  const printed = (state: string) =>
    printServicePretty(makeService(full, { updateStatus: { ...updateStatus, state } }), now);
  expect(printed('completed')).toContain(`UpdateStatus:
 State:     completed
 Started:   about an hour ago
 Completed: 59 minutes ago
 Message:   update in progress
Placement:`);
  // As Docker's does, of a rollback.
  expect(printed('rollback_completed')).not.toContain('Completed:');
});

it('leaves out of updates what the cluster can not store yet', () => {
  const { spec, ...service } = makeService(full);
  const { parallelism, delay, order } = spec.updateConfig;
  const first = { ...spec, updateConfig: { parallelism, delay, order }, rollbackConfig: undefined };
  const printed = printServicePretty({ ...service, spec: first as unknown as typeof spec });
  expect(printed).toContain('UpdateConfig:\n Parallelism:  1\n Update order: stop-first\nRestartPolicy:');
});
