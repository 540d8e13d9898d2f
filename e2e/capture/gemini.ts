/** Google's generateContent. The prompt holds cached tokens, the candidates do not hold thoughts. */
import { type Answer, type AnswerUsage, type Asked, type Reply, chunks, noUsage } from './answer.ts'

export function generateContent(answer: Answer, asked: Asked): Reply {
  const parts: object[] = []
  if (answer.thinking !== undefined) parts.push({ text: answer.thinking, thought: true })
  for (const text of chunks(answer.text ?? '')) parts.push({ text })
  for (const call of answer.toolCalls ?? []) parts.push({ functionCall: { name: call.name, args: call.arguments } })
  const usageMetadata = contentUsage(answer.usage ?? noUsage)
  const told = { modelVersion: answer.model ?? asked.model, responseId: asked.id }
  const candidate = (content: readonly object[], finishReason: string | undefined): object => ({
    index: 0, content: { role: 'model', parts: content }, ...(finishReason !== undefined && { finishReason }),
  })
  return {
    body: { candidates: [candidate(parts, 'STOP')], usageMetadata, ...told },
    stream: parts.map((part, index) => ({
      event: '',
      data: JSON.stringify({
        candidates: [candidate([part], index === parts.length - 1 ? 'STOP' : undefined)], ...told,
        ...(index === parts.length - 1 && { usageMetadata }),
      }),
    })),
  }
}

function contentUsage(usage: AnswerUsage): object {
  const thoughts = usage.reasoning ?? 0
  return {
    promptTokenCount: usage.input, candidatesTokenCount: usage.output - thoughts, totalTokenCount: usage.input + usage.output,
    ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
    ...(usage.cacheRead !== undefined && { cachedContentTokenCount: usage.cacheRead }),
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: usage.input }],
  }
}

export function geminiError(status: number): object {
  const reason = status === 429 ? 'RESOURCE_EXHAUSTED' : 'INTERNAL'
  return { error: { code: status, message: `the scripted answer is HTTP ${status}`, status: reason } }
}
