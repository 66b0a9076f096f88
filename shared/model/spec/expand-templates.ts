// Go templates in a task's environment, hostname and mounts, as SwarmKit fills them in (template/context.go, expand.go).
import { userMap } from '../go-template/known-fields.ts';
import { TemplateError } from '../go-template/syntax.ts';
import { compileTemplate } from '../go-template/template.ts';
import type { ContainerSpec } from './service-spec.ts';

/** What a template may speak of. */
export interface TemplateContext {
  readonly service: {
    readonly id: string;
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly node: {
    readonly id: string;
    readonly hostname: string;
    readonly platform: { readonly architecture: string; readonly os: string };
  };
  /** `slot`: 0 of a task that is known by its node. */
  readonly task: { readonly id: string; readonly name: string; readonly slot: number };
}

/** The wire version since which agents fill them in: before, they were refused. */
export const TEMPLATES_SINCE = 2;

/** Ours: whoever admits a service fills in its templates, and has others to admit. */
const LIMIT = { length: 64 * 1024, steps: 10_000 };

const dialect = {
  functions: {
    join: (separator: unknown, ...texts: readonly unknown[]) => texts.map(String).join(String(separator)),
  },
  absent: '',
  isStrict: true,
  limit: LIMIT,
};

type Templated = Pick<ContainerSpec, 'env' | 'hostname' | 'mounts'>;

/** The first place of a template, and the template. */
export function findTemplate({
  env,
  hostname = '',
  mounts,
}: Templated): { readonly field: string; readonly template: string } | undefined {
  for (const [field, text] of [
    ...env.map((item, index) => [`env.${index}`, readValue(item)] as const),
    ['hostname', hostname] as const,
    ...mounts.flatMap(({ source = '', target }, index) => [
      [`mounts.${index}.source`, source] as const,
      [`mounts.${index}.target`, target] as const,
    ]),
  ]) {
    const [template] = TEMPLATE.exec(text) ?? [];
    if (template !== undefined) return { field, template };
  }
  return undefined;
}

const TEMPLATE = /\{\{[^}]{0,100}(?:\}\})?/;

function readValue(item: string): string {
  const at = item.indexOf('=');
  return at < 0 ? '' : item.slice(at + 1);
}

/** The same container with all templates filled in; the very same where there are none. Throws `TemplateError`. */
export function expandContainer(container: ContainerSpec, context: TemplateContext): ContainerSpec {
  if (!findTemplate(container)) return container;
  const shown = showContext(context);
  const expand = (text: string, what: string) => fillIn(text, shown, what);
  const { env, mounts } = container;
  return {
    ...container,
    env: env.map((item) => {
      const value = readValue(item);
      const what = `expanding env failed: expanding env ${JSON.stringify(item)}`;
      return `${item.slice(0, item.length - value.length)}${expand(value, what)}`;
    }),
    mounts: mounts.map(({ source, target, ...mount }) => ({
      ...mount,
      ...(source !== undefined && {
        source: expand(source, `expanding mounts failed: expanding mount source ${JSON.stringify(source)}`),
      }),
      target: expand(target, `expanding mounts failed: expanding mount target ${JSON.stringify(target)}`),
    })),
    ...hostnameOf(container, context),
  };
}

/** Its hostname alone. Throws `TemplateError`. */
export function expandHostname(
  { hostname }: Pick<ContainerSpec, 'hostname'>,
  context: TemplateContext,
): string | undefined {
  if (!hostname?.includes('{{')) return hostname;
  return fillIn(hostname, showContext(context), 'expanding hostname failed');
}

function hostnameOf(container: ContainerSpec, context: TemplateContext): Pick<ContainerSpec, 'hostname'> {
  const hostname = expandHostname(container, context);
  return hostname === undefined ? {} : { hostname };
}

function fillIn(text: string, context: object, what: string): string {
  if (!text.includes('{{')) return text;
  try {
    return compileTemplate(text, dialect)(context);
  } catch (error) {
    // One that is nested too deep for the stack is none either.
    throw new TemplateError(`${what}: ${(error as Error).message}`);
  }
}

function showContext({ service, node, task }: TemplateContext): object {
  const { architecture: Architecture, os: OS } = node.platform;
  return {
    Service: { ID: service.id, Name: service.name, Labels: userMap(service.labels) },
    Node: { ID: node.id, Hostname: node.hostname, Platform: { Architecture, OS } },
    Task: { ID: task.id, Name: task.name, Slot: task.slot === 0 ? node.id : String(task.slot) },
  };
}
