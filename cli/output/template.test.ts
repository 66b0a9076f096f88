import { userMap } from '@muster/model';
import { expect, test } from 'vitest';
import { compileTemplate, TemplateError } from './template.ts';

const data = {
  Name: 'web',
  Empty: '',
  Count: 3,
  Half: 0.5,
  Tiny: 0.00001,
  Yes: true,
  No: false,
  Nothing: null,
  Labels: { b: '2', a: '1' },
  List: ['x', 'y', 'z'],
  None: [],
  Spec: { Mode: { Replicated: { Replicas: 2 } } },
};

/** Outputs as Go's text/template gives them for the same data as maps. */
const outputs: readonly [template: string, output: string][] = [
  ['plain', 'plain'],
  ['{{.Name}}: {{.Count}}', 'web: 3'],
  ['{{ .Spec.Mode.Replicated.Replicas }}', '2'],
  ['{{.Labels}} {{.List}} {{.Yes}} {{.Half}} {{.Tiny}}', 'map[a:1 b:2] [x y z] true 0.5 1e-05'],
  ['{{.Nothing}}', '<no value>'],
  ['{{.Labels.a}}{{(index .List 1)}}{{index .Labels "b"}}', '1y2'],
  ['{{$.Name}}{{$x := .Count}}{{$x}}{{$x = 4}}{{$x}}', 'web34'],
  ['{{with .Spec}}{{.Mode.Replicated.Replicas}}{{$.Name}}{{end}}', '2web'],
  ['{{with .Empty}}a{{else}}b{{end}}', 'b'],
  ['{{with .Empty}}a{{else with .Name}}{{.}}{{else}}c{{end}}', 'web'],
  ['{{if .Yes}}a{{end}}{{if .No}}b{{else if .Name}}c{{else}}d{{end}}{{if .None}}e{{else}}f{{end}}', 'acf'],
  ['{{range .List}}[{{.}}]{{end}}', '[x][y][z]'],
  ['{{range $i, $v := .List}}{{$i}}={{$v}};{{end}}', '0=x;1=y;2=z;'],
  ['{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}', 'a=1;b=2;'],
  ['{{range $v := .List}}{{$v}}{{end}}', 'xyz'],
  ['{{range .None}}a{{else}}none{{end}}', 'none'],
  ['{{range .List}}{{if eq . "y"}}{{continue}}{{end}}{{.}}{{end}}', 'xz'],
  ['{{range .List}}{{if eq . "y"}}{{break}}{{end}}{{.}}{{end}}', 'x'],
  ['{{range 3}}{{.}}{{end}}', '012'],
  ['a {{- .Name -}} b', 'awebb'],
  ['a {{/* said nothing */}} b', 'a  b'],
  ['a {{- /* said nothing */ -}} b', 'ab'],
  ['{{"a\\tb"}}{{`c\\n`}}{{\'A\'}}', 'a\tbc\\n65'],
  ['{{.Name | upper | printf "%q"}}', '"WEB"'],
  [
    '{{printf "%-5s|%5s|%05d|%.2f|%t|%v|%%|%x" .Name .Name .Count .Half .Yes .List 255}}',
    'web  |  web|00003|0.50|true|[x y z]|%|ff',
  ],
  ['{{printf "%d" .Name}} {{printf "%s"}} {{printf "a" 1}}', '%!d(string=web) %!s(MISSING) a%!(EXTRA int=1)'],
  ['{{println .Name 1}}{{print "a" 1 2 "b"}}', 'web 1\na1 2b'],
  ['{{and .Yes .Name}}{{or .Empty .Name}}{{not .No}}{{and .No .Missing}}', 'webwebtruefalse'],
  [
    '{{eq .Count 3}}{{ne .Name "db"}}{{lt 1 2}}{{le 2 2}}{{gt "b" "a"}}{{ge 1 2}}{{eq .Name "a" "web"}}',
    'truetruetruetruetruefalsetrue',
  ],
  ['{{len .List}}{{len .Labels}}{{len "é"}}', '322'],
  ['{{slice .List 1 2}}{{slice .Name 1}}', '[y]eb'],
  ['{{json .Labels}}{{json .List}}', '{"b":"2","a":"1"}["x","y","z"]'],
  [
    '{{join .List ","}}{{split "a,b" ","}}{{title "a b"}}{{lower "A"}}{{pad "x" 1 2}}{{truncate "abcdef" 3}}',
    'x,y,z[a b]A Ba x  abc',
  ],
  ['a\\tb\\n{{"\\n"}}{{printf "%s\\t|" .Name}}', 'a\tb\n\nweb\t|'],
  ['{{if and (eq .Count 3) (or .No .Yes)}}ok{{end}}', 'ok'],
  ['{{range .List}}{{$x := .}}{{end}}{{$x := "kept"}}{{if .Yes}}{{$x = "changed"}}{{end}}{{$x}}', 'changed'],
];

test.each(outputs)('%s', (template, output) => {
  expect(compileTemplate(template)(data)).toBe(output);
});

const refusals: readonly [template: string, message: RegExp][] = [
  ['{{.Nme}}', /can't evaluate field Nme: there is Name, Empty, /],
  ['{{.Nothing.X}}', /nil pointer evaluating interface \{\}\.X/],
  ['{{.Name.X}}', /can't evaluate field X in web/],
  ['{{.constructor}}', /can't evaluate field constructor/],
  ['{{.__proto__}}', /can't evaluate field __proto__/],
  ['{{foo .Name}}', /template: :1: function "foo" not defined/],
  ['{{if}}x{{end}}', /missing value for command/],
  ['{{if .Yes}}x', /unexpected EOF/],
  ['{{else}}', /unexpected \{\{else\}\}/],
  ['{{break}}', /outside \{\{range\}\}/],
  ['{{.Name', /unclosed action/],
  ['{{.Name }', /unexpected "}" in action/],
  ['\n\n{{(.Name}}', /:3: unclosed left paren/],
  ['{{.Name 1}}', /can't give argument to non-function \.Name/],
  ['{{lt 1 "a"}}', /error calling lt: incompatible types for comparison/],
  ['{{index .List 7}}', /index out of range: 7/],
  ['{{upper 1}}', /expected string; got number/],
  ['{{upper}}', /wrong number of args for upper: want 1 got 0/],
  ['{{$y}}', /undefined variable "\$y"/],
  ['{{define "x"}}{{end}}', /\{\{define\}\} is not supported/],
  ['{{"\\q"}}', /unknown escape sequence/],
];

test.each(refusals)('%s is refused', (template, message) => {
  expect(() => compileTemplate(template)(data)).toThrow(message);
  expect(() => compileTemplate(template)(data)).toThrow(TemplateError);
});

test('a map of the user’s has no value where it has none', () => {
  const labels = userMap({ a: '1' });
  expect(compileTemplate('{{.Labels.a}} {{.Labels.c}}')({ Labels: labels })).toBe('1 <no value>');
});

test('what is not written in the template is printed as plain text', () => {
  const output = compileTemplate('{{.A}}\u009b{{"\\n"}}{{printf "%s\\t" .A}}')({ A: 'x\x1b\r\n' });
  expect(output).toBe('x\\u001b\\r\n\u009b\nx\\u001b\\r\n\t');
});
