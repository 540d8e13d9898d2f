import './tokens.css'
import './base.css'
import { App } from './routes.tsx'
import { render } from './solid.ts'

const root = document.getElementById('app')
if (root === null) throw new Error('index.html has no element with the id app')
render(() => <App />, root)

/** Milliseconds in which a page is loaded anew once: code that is missing for another reason must not load it for ever. */
const reloadMs = 10_000
// Code of pages has its hash in its name: after an upgrade, what an open tab has not loaded yet is gone, and its links lead nowhere.
addEventListener('vite:preloadError', () => {
  void (async () => {
    const { ok } = await fetch('/healthz').catch(() => ({ ok: false }))
    if (!ok || performance.now() < reloadMs) return
    location.reload()
  })()
})
