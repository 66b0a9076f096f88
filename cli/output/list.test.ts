import { expect, it } from 'vitest';
import { filterItems } from './filters.ts';
import { type Column, printList } from './list.ts';

const columns: Column[] = [
  { field: 'ID', header: 'ID' },
  { field: 'Name', header: 'NAME' },
];
const items = [
  { ID: 'aaa', Name: 'web', Secret: 'x' },
  { ID: 'bbb', Name: 'api', Secret: 'y' },
];
const print = (format?: string, quiet?: boolean) =>
  printList(items, columns, { Secret: 'SECRET' }, { format, quiet });

it.each([
  [undefined, 'ID        NAME\naaa       web\nbbb       api\n'],
  ['table', 'ID        NAME\naaa       web\nbbb       api\n'],
  ['json', '{"ID":"aaa","Name":"web","Secret":"x"}\n{"ID":"bbb","Name":"api","Secret":"y"}\n'],
  ['{{.Name}}:{{.ID}}', 'web:aaa\napi:bbb\n'],
  ['{{.Name}}\\t{{.ID}}', 'web\taaa\napi\tbbb\n'],
  ['table {{.Name}}\\t{{.Secret}}', 'NAME      SECRET\nweb       x\napi       y\n'],
  ['table {{.Name}}\t{{upper .ID}}', 'NAME      ID\nweb       AAA\napi       BBB\n'],
  ['{{json .}}', '{"ID":"aaa","Name":"web","Secret":"x"}\n{"ID":"bbb","Name":"api","Secret":"y"}\n'],
])('format %s', (format, output) => {
  expect(print(format)).toBe(output);
});

it('prints ids alone when quiet, unless a template is asked for', () => {
  expect(print(undefined, true)).toBe('aaa\nbbb\n');
  expect(print('{{.Name}}', true)).toBe('web\napi\n');
});

it('prints the header of an empty list', () => {
  expect(printList([], columns, {}, {})).toBe('ID        NAME\n');
});

it('refuses a field that is not there, by naming those that are', () => {
  expect(() => print('{{.Nme}}')).toThrow("can't evaluate field Nme: there is ID, Name");
});

it('filters: values of one key are alternatives, keys must agree', () => {
  const tests = {
    name: (item: (typeof items)[number], value: string) => item.Name.startsWith(value),
    id: (item: (typeof items)[number], value: string) => item.ID === value,
  };
  const names = (...filters: string[]) => filterItems(items, filters, tests).map(({ Name }) => Name);
  expect(names()).toEqual(['web', 'api']);
  expect(names('name=w')).toEqual(['web']);
  expect(names('name=w', 'name=a')).toEqual(['web', 'api']);
  expect(names('name=w', 'id=bbb')).toEqual([]);
  expect(() => names('name')).toThrow('write it as key=value');
  expect(() => names('nme=x')).toThrow("invalid filter 'nme': there is name, id");
});
