import { describe, expect, test } from 'vitest'
import { InputError } from '../../../src/scene/inputError.ts'
import { parseUrdf } from '../../../src/scene/parseUrdf.ts'
import { ARM, armWith } from './arm.ts'

/** What is broken, and the error it has to give: path with line, part of the expectation, part of the finding. */
type Case = [title: string, text: string, path: string, expected: string, found: string]

const link = (name: string) =>
  `<link name="${name}"><inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1"/></inertial></link>`
const joint = (name: string, parent: string, child: string, type = 'fixed') =>
  `<joint name="${name}" type="${type}"><parent link="${parent}"/><child link="${child}"/></joint>`
const more = (text: string) => armWith('</robot>', `${text}</robot>`) // on line 37
const UPPER = '<mass value="2"/>'
const LIMIT = '<limit lower="-1" upper="2" effort="30" velocity="3"/>'
const DYNAMICS = '<dynamics damping="0.1"/>'
const CYLINDER = '<cylinder radius="0.03" length="0.4"/>'
const INERTIA = '<inertia ixx="0.03" ixy="0" ixz="0" iyy="0.03" iyz="0" izz="0.001"/>'

const CASES: Case[] = [
  ['an empty file', ' \n', '', 'XML', 'an empty file'],
  ['no XML', 'robot', 'line 1, column 1', 'well-formed XML', 'root element is missing'],
  [
    'an element left open',
    armWith('</link>', ''),
    'line 37, column 1',
    'well-formed XML',
    'missing end tag for element',
  ],
  [
    'an attribute twice',
    armWith('<robot name="arm"', '<robot name="arm" name="b"'),
    'line 2, column 27',
    'well-formed',
    'duplicate attribute',
  ],
  [
    'an attribute without quotes',
    armWith('value="2"', 'value=2'),
    'line 8, column 19',
    'well-formed',
    'attribute value expected',
  ],
  ['two roots', `${ARM}<robot name="b"/>`, 'line 38, column 1', 'well-formed', 'extra content'],
  [
    'an entity of its own',
    armWith('"arm"', '"&arm;"'),
    'line 2, column 14',
    'well-formed',
    "named entity isn't defined: &arm;",
  ],
  ['a DOCTYPE', armWith('<robot', '<!DOCTYPE robot>\n<robot'), 'line 2', 'no DOCTYPE', 'one'],
  [
    'a DOCTYPE that reads files',
    armWith('<robot', '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n<robot'),
    'line 2',
    'no DOCTYPE',
    'one',
  ],
  [
    'entities that grow',
    armWith('<robot', '<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>\n<robot'),
    'line 2',
    'no DOCTYPE',
    'one',
  ],
  ['nesting without end', '<robot>'.repeat(100_000), '', 'nesting of at most 64 levels', 'deeper'],
  [
    'nesting that is too deep',
    `<robot name="r">${'<a>'.repeat(80)}${'</a>'.repeat(80)}</robot>`,
    '',
    'nesting of at most 64',
    'deeper',
  ],
  ['too large', ' '.repeat(5 * 2 ** 20), '', 'at most 4 MB', '5.0 MB'],
  ['too many elements', `<robot name="r">${'<a/>'.repeat(100_001)}</robot>`, '', 'at most 100000 elements', 'more'],
  ['MJCF', '<mujoco/>', 'line 1, <mujoco> of robot', 'a <robot> as the outermost element', '<mujoco>'],
  [
    'xacro',
    more('<xacro:include filename="a.xacro"/>'),
    'line 37, <xacro:include> of robot',
    'run xacro first',
    '<xacro:include>',
  ],
  ['a robot without a name', armWith('<robot name="arm">', '<robot>'), 'line 2, robot', 'the attribute name', 'none'],
  ['no link', '<robot name="r"/>', 'line 1, robot', 'a <link>', 'none'],
  [
    'a misspelt element',
    armWith('<axis xyz', '<axes xyz'),
    'line 27, <axes> of joint "shoulder"',
    'an element of URDF',
    'did you mean "axis"',
  ],
  ['a misspelt link', more('<lnk name="x"/>'), 'line 37, <lnk> of robot', 'an element of URDF', 'did you mean "link"'],
  ['a link without a name', more('<link/>'), 'line 37, link', 'the attribute name', 'none'],
  ['twin links', more(link('lower')), 'line 37, <link> of robot', 'no other link has', '"lower", on line 17 too'],
  [
    'twin joints',
    more(link('x') + joint('elbow', 'lower', 'x')),
    'line 37, <joint> of robot',
    'no other joint has',
    '"elbow", on line 31 too',
  ],
  [
    'names that become the same',
    more(`${link('a b')}${link('a.b')}${joint('f', 'lower', 'a b')}${joint('g', 'lower', 'a.b')}`),
    'line 37, link "a.b"',
    'names that differ',
    'both "a_b"',
  ],
  ['a joint without a type', armWith(' type="continuous"', ''), 'line 31, joint "elbow"', 'the attribute type', 'none'],
  [
    'an unknown joint type',
    armWith('"continuous"', '"continous"'),
    'line 31, joint "elbow"',
    '"revolute", "continuous"',
    'did you mean "continuous"',
  ],
  [
    'a planar joint',
    armWith('"continuous"', '"planar"'),
    'line 31, joint "elbow"',
    'a type of',
    '"planar", which is not supported',
  ],
  [
    'a mimic',
    armWith(DYNAMICS, '<mimic joint="elbow"/>'),
    'line 29, <mimic> of joint "shoulder"',
    'move by themselves',
    'a mimic of "elbow"',
  ],
  ['no parent', armWith('<parent link="base"/>', ''), 'line 23, joint "shoulder"', 'a <parent>', 'none'],
  [
    'an unknown parent',
    armWith('parent link="base"', 'parent link="bse"'),
    'line 24, <parent> of joint "shoulder"',
    'a link of the file',
    'did you mean "base"',
  ],
  [
    'an unknown child',
    armWith('child link="lower"', 'child link="forearm"'),
    'line 33, <child> of joint "elbow"',
    'one of "base", "upper", "lower"',
    '"forearm"',
  ],
  [
    'two parents in one joint',
    armWith('<child link="upper"/>', '<child link="upper"/><parent link="lower"/>'),
    'line 25, <parent> of joint "shoulder"',
    'one <parent>',
    'another on line 24',
  ],
  [
    'its own parent',
    armWith('parent link="upper"', 'parent link="lower"'),
    'line 31, joint "elbow"',
    'two different links',
    '"lower" as parent and child',
  ],
  [
    'a closed loop',
    more(joint('close', 'base', 'lower')),
    'line 37, joint "close"',
    'closures',
    '"lower", the child of joint "elbow" on line 31 too',
  ],
  [
    'links in a circle',
    more(`${link('x')}${link('y')}${joint('f', 'x', 'y')}${joint('g', 'y', 'x')}`),
    'line 37, joint "f"',
    'links that form a tree',
    'x → y → x',
  ],
  [
    'nothing but a circle',
    `<robot name="r">${link('x')}${link('y')}${joint('f', 'x', 'y')}${joint('g', 'y', 'x')}</robot>`,
    'line 1, joint "f"',
    'form a tree',
    'x → y → x',
  ],
  ['two robots in one', more(link('x')), 'line 37, link "x"', '("base") is the root', 'none'],
  [
    'an axis of zero',
    armWith('xyz="0 1 0"', 'xyz="0 0 0"'),
    'line 27, <axis> of joint "shoulder"',
    'length > 0',
    '0 0 0',
  ],
  [
    'an axis of two numbers',
    armWith('xyz="0 1 0"', 'xyz="0 1"'),
    'line 27, <axis> of joint "shoulder"',
    'three numbers in xyz',
    '"0 1"',
  ],
  [
    'a number with a comma',
    armWith('xyz="0 0 1"', 'xyz="0 0 1,0"'),
    'line 26, <origin> of joint "shoulder"',
    'three numbers (m) in xyz',
    '"0 0 1,0"',
  ],
  [
    'a number in words',
    armWith('rpy="0 0.5 0"', 'rpy="0 pi/2 0"'),
    'line 26, <origin> of joint "shoulder"',
    '(rad) in rpy',
    '"0 pi/2 0"',
  ],
  ['NaN', armWith('value="2"', 'value="nan"'), 'line 8, <mass> of link "upper"', 'a number (kg)', '"nan"'],
  ['hexadecimal', armWith('value="2"', 'value="0x2"'), 'line 8, <mass> of link "upper"', 'a number (kg)', '"0x2"'],
  ['infinity', armWith('value="2"', 'value="1e999"'), 'line 8, <mass> of link "upper"', 'a number (kg)', '"1e999"'],
  [
    'reversed limits',
    armWith('lower="-1"', 'lower="3"'),
    'line 28, <limit> of joint "shoulder"',
    'lower < upper (rad)',
    '3 and 2',
  ],
  [
    'limits that lock',
    armWith(LIMIT, '<limit lower="0" upper="0" effort="1"/>'),
    'line 28, <limit> of joint "shoulder"',
    'lower < upper',
    '0 and 0',
  ],
  [
    'a negative effort',
    armWith('effort="30"', 'effort="-1"'),
    'line 28, <limit> of joint "shoulder"',
    'effort ≥ 0 (N·m)',
    '-1',
  ],
  [
    'negative damping',
    armWith('damping="0.1"', 'damping="-0.1"'),
    'line 29, <dynamics> of joint "shoulder"',
    'damping ≥ 0 (N·m·s/rad)',
    '-0.1',
  ],
  [
    'dry friction',
    armWith('damping="0.1"', 'friction="0.1"'),
    'line 29, <dynamics> of joint "shoulder"',
    '"ignore": ["friction"]',
    'friction 0.1',
  ],
  [
    'a moving link without mass',
    armWith(UPPER, '<mass value="0"/>'),
    'line 5, link "upper"',
    'a mass > 0 (kg), as joint "shoulder" moves it',
    'none',
  ],
  ['a negative mass', armWith(UPPER, '<mass value="-2"/>'), 'line 8, <mass> of link "upper"', 'value ≥ 0 (kg)', '-2'],
  ['an inertial without mass', armWith(UPPER, ''), 'line 6, <inertial> of link "upper"', 'a <mass>', 'none'],
  ['no inertia', armWith(INERTIA, ''), 'line 6, <inertial> of link "upper"', 'a <inertia>', 'none'],
  [
    'half an inertia',
    armWith(INERTIA, '<inertia ixx="1" iyy="1"/>'),
    'line 9, <inertia> of link "upper"',
    'the attribute izz',
    'none',
  ],
  [
    'a negative moment',
    armWith('ixx="0.03"', 'ixx="-0.03"'),
    'line 9, <inertia> of link "upper"',
    'ixx ≥ 0 (kg·m²)',
    '-0.03',
  ],
  [
    'moments of no body',
    armWith('ixx="0.03"', 'ixx="3"'),
    'line 5, link "upper"',
    '"inertia": "recompute"',
    'exceeds the sum',
  ],
  [
    'moments of zero',
    armWith(INERTIA, '<inertia ixx="0" iyy="0" izz="0"/>'),
    'line 5, link "upper"',
    'principal moments > 0',
    '0, 0, 0',
  ],
  [
    'a mesh to collide with',
    armWith(CYLINDER, '<mesh filename="a.stl"/>'),
    'line 12, <collision> of link "upper"',
    '"ignore": ["meshes"]',
    'a mesh',
  ],
  [
    'a mesh without a file',
    armWith('<mesh filename="package://arm/upper.stl"/>', '<mesh/>'),
    'line 11, <mesh> of link "upper"',
    'the attribute filename',
    'none',
  ],
  [
    'an unknown shape',
    armWith(CYLINDER, '<cone radius="1"/>'),
    'line 14, <cone> of link "upper"',
    'one of box, sphere, cylinder, capsule, mesh',
    '<cone>',
  ],
  ['no shape', armWith(CYLINDER, ''), 'line 14, <geometry> of link "upper"', 'one of box', 'nothing'],
  [
    'two shapes',
    armWith(CYLINDER, `${CYLINDER}<sphere radius="1"/>`),
    'line 14, <sphere> of link "upper"',
    'one shape in a <geometry>',
    '<cylinder> and <sphere>',
  ],
  [
    'a shape without geometry',
    armWith(`<geometry>${CYLINDER}</geometry>`, ''),
    'line 12, <collision> of link "upper"',
    'a <geometry>',
    'none',
  ],
  [
    'a radius of zero',
    armWith('radius="0.03"', 'radius="0"'),
    'line 14, <cylinder> of link "upper"',
    'radius > 0 (m)',
    '0',
  ],
  [
    'a flat box',
    armWith(CYLINDER, '<box size="1 1 0"/>'),
    'line 14, <box> of link "upper"',
    'three numbers > 0 (m)',
    '1 1 0',
  ],
  [
    'a color beyond white',
    armWith('rgba="1 0 0 1"', 'rgba="255 0 0 1"'),
    'line 3, <color> of robot',
    'from 0 to 1 in rgba',
    '255 0 0',
  ],
  [
    'a floating joint on a moving link',
    armWith('"continuous"', '"floating"'),
    'line 31, joint "elbow"',
    'hangs on what is fixed',
    'one on "upper", which moves',
  ],
  [
    'a robot that can’t move',
    `<robot name="r">${link('x')}</robot>`,
    'line 1, robot "r"',
    'a joint that moves',
    'none',
  ],
]

describe('a malformed URDF gives one error that names the file, the line, the expectation and the finding', () => {
  test.each(CASES)('%s', (_, text, path, expected, found) => {
    const error = thrownBy(() => parseUrdf(text, { file: 'robots/arm.urdf' }))
    expect(error).toBeInstanceOf(InputError)
    const input = error as InputError
    expect({ file: input.file, path: input.path, text: input.message.includes('\n') }).toEqual({
      file: 'robots/arm.urdf',
      path,
      text: false,
    })
    expect(input.expected).toContain(expected)
    expect(input.found).toContain(found)
  })
})

test('the robot that all cases break is valid itself', () => {
  expect(parseUrdf(ARM).joints.map(({ name }) => name)).toEqual(['shoulder', 'elbow'])
})

test('what robots of other tools carry along is passed over', () => {
  const text = more(
    `<transmission name="t"><joint name="elbow"/></transmission><gazebo reference="upper"><mu1>1</mu1></gazebo>
     <drake:thing/><frame name="hand" link="lower"/>`,
  )
  expect(parseUrdf(text).joints).toEqual(parseUrdf(ARM).joints)
})

function thrownBy(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  return null
}
