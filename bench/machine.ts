import { execFileSync } from 'node:child_process'
import { cpus, loadavg, release, totalmem, type } from 'node:os'

/** Where and with what a figure was taken, as one Markdown line. A machine with other work on it says so by its load. */
export function takenOn(): string {
  const [cpu] = cpus()
  const gibibytes = (totalmem() / 1024 ** 3).toFixed(0)
  const load = loadavg().map((value) => value.toFixed(1)).join(' ')
  return `${new Date().toISOString().slice(0, 16)}Z, commit ${commit()}, ${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${gibibytes} GiB, ${type()} ${release()}, Node ${process.versions.node}, load ${load}`
}

/** `+` where the working tree differs from it. */
function commit(): string {
  const git = (...args: readonly string[]): string => execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim()
  return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+'}`
}
