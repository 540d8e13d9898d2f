import './tokens.css'
import './base.css'
import { App } from './routes.tsx'
import { render } from './solid.ts'

const root = document.getElementById('app')
if (root === null) throw new Error('index.html has no element with the id app')
render(() => <App />, root)
