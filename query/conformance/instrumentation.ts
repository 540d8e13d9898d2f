import { GraphQLID, GraphQLObjectType, GraphQLString } from 'graphql'
import { type FindingCode, findingCodes, type FindingKind, findingKinds, kindOfFinding } from '#semconv/conformance.ts'
import type { StepKind, UnixNano } from '#semconv/facts.ts'
import type { QueryContext } from '../context.ts'
import { StepKindEnum } from '../enums.ts'
import { Count, DateTime } from '../scalars.ts'
import { asked, enumOf, listOf, plain, required } from '../shape.ts'
import { adviceOf } from './advice.ts'

export const FindingKindEnum = enumOf('FindingKind', 'What is wrong, roughly.', findingKinds, {
  MISSING: 'Something that is needed is not there.',
  AMBIGUOUS: 'It can be read in more than one way, and one was chosen.',
  DROPPED: 'It was there, and was lost before it came here.',
  MALFORMED: 'It has the wrong type or an impossible value.',
  OUTDATED: 'It has a name of an earlier version of the conventions.',
  UNRECOGNISED: 'It is a word that nobody has defined.',
})

export const FindingCodeEnum = enumOf('FindingCode', 'What exactly was found.', findingCodes,
  Object.fromEntries(findingCodes.map((code) => [code, adviceOf[code].meaning])) as Record<FindingCode, string>)

export interface ConformanceFinding {
  readonly code: FindingCode
  readonly stepKinds: readonly StepKind[]
  readonly attribute: string
  readonly expected: string
  readonly found: string
  readonly convention: string
  readonly steps: number
  readonly ofSteps: number
  readonly firstSeenAt: UnixNano
  readonly lastSeenAt: UnixNano
  readonly exampleRunId: string
  readonly exampleSpanId: string
}

export const ConformanceFindingType = new GraphQLObjectType<ConformanceFinding, QueryContext>({
  name: 'ConformanceFinding',
  description: 'One thing that steps of an instrumentation lack or say otherwise than expected.',
  fields: {
    code: plain(required(FindingCodeEnum), 'What was found.'),
    kind: asked(required(FindingKindEnum), 'What it is, roughly.', {}, ({ code }) => kindOfFinding[code]),
    stepKinds: plain(listOf(StepKindEnum), 'Kinds of the steps that show it.'),
    attribute: plain(required(GraphQLString), 'Where in the span: an attribute\'s key or a field of OTLP; "other" beyond the first 32 findings of a kind of step in five seconds.'),
    expected: plain(required(GraphQLString), 'What should be there.'),
    found: plain(required(GraphQLString), 'What was there instead: a type or a name, never content.'),
    convention: plain(required(GraphQLString), 'Version of the convention by which it was judged.'),
    steps: plain(required(Count), 'Steps that show it.'),
    ofSteps: plain(required(Count), 'All steps of those kinds, of this instrumentation.'),
    firstSeenAt: plain(required(DateTime), 'When it was counted first in the range, to five seconds.'),
    lastSeenAt: plain(required(DateTime), 'When it was counted last in the range, to five seconds.'),
    exampleRunId: plain(required(GraphQLID), 'Trace of a step that shows it, one of the latest.'),
    exampleSpanId: plain(required(GraphQLID), 'That step.'),
    meaning: asked(required(GraphQLString), 'What goes wrong by it.', {}, ({ code }) => adviceOf[code].meaning),
    advice: asked(required(GraphQLString), 'What to do about it.', {}, ({ code }) => adviceOf[code].advice),
  },
})

export interface KindCount {
  readonly kind: StepKind
  readonly steps: number
}

const KindCountType = new GraphQLObjectType<KindCount, QueryContext>({
  name: 'KindCount',
  description: 'Steps of one kind.',
  fields: { kind: plain(required(StepKindEnum), 'The kind.'), steps: plain(required(Count), 'How many.') },
})

export interface Instrumentation {
  readonly service: string
  readonly scopeName: string
  readonly scopeVersion: string
  readonly dialects: readonly string[]
  readonly steps: number
  readonly kinds: readonly KindCount[]
  readonly findings: readonly ConformanceFinding[]
  readonly firstSeenAt: UnixNano
  readonly lastSeenAt: UnixNano
}

const stepsOf = ({ kinds }: Instrumentation, matches: (kind: StepKind) => boolean): number =>
  kinds.reduce((sum, { kind, steps }) => sum + (matches(kind) ? steps : 0), 0)

/** An embedding is a model call. */
export const modelCallsOf = (one: Instrumentation): number => stepsOf(one, (kind) => kind === 'MODEL_CALL' || kind === 'EMBEDDING')
export const understoodOf = (one: Instrumentation): number => stepsOf(one, (kind) => kind !== 'OTHER')

const found = (kind: FindingKind, what: string) => asked<Instrumentation>(required(Count), `${what} A step counts once for each such finding.`, {},
  ({ findings }) => findings.reduce((sum, { code, steps }) => sum + (kindOfFinding[code] === kind ? steps : 0), 0))

export const InstrumentationType = new GraphQLObjectType<Instrumentation, QueryContext>({
  name: 'Instrumentation',
  description: 'What was understood of the steps that one version of an instrumentation scope wrote in one service, and what was not.',
  fields: {
    service: plain(required(GraphQLString), 'service.name; "other" beyond the first 256 senders of five seconds.'),
    scopeName: plain(required(GraphQLString), 'Name of the instrumentation scope, "" where it has none.'),
    scopeVersion: plain(required(GraphQLString), 'Its version, "" where it has none.'),
    dialects: plain(listOf(GraphQLString), 'Conventions that its steps were read by, most steps first; "generic" where nothing is known.'),
    steps: plain(required(Count), 'Steps: spans, and log events of coding agents that tell one. A span that came again is counted once.'),
    kinds: plain(listOf(KindCountType), 'What they were understood as, most first.'),
    understood: asked(required(Count), 'Steps that are more than plumbing: of any kind but OTHER.', {}, understoodOf),
    modelCalls: asked(required(Count), 'Model calls and embeddings, before mirrors and wrappers are folded.', {}, modelCallsOf),
    toolCalls: asked(required(Count), 'Tool calls.', {}, (one) => stepsOf(one, (kind) => kind === 'TOOL_CALL')),
    missing: found('MISSING', 'Something needed is not there.'),
    ambiguous: found('AMBIGUOUS', 'Something can be read in more than one way.'),
    dropped: found('DROPPED', 'Something was lost before it came here.'),
    malformed: found('MALFORMED', 'Something has a wrong type or value.'),
    outdated: found('OUTDATED', 'Something has an old name.'),
    unrecognised: found('UNRECOGNISED', 'Something is a word that nobody has defined.'),
    findings: plain(listOf(ConformanceFindingType), 'What was found, most steps first.'),
    firstSeenAt: plain(required(DateTime), 'When its steps were counted first in the range, to five seconds.'),
    lastSeenAt: plain(required(DateTime), 'When they were counted last in the range, to five seconds.'),
  },
})
