import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import solid from 'vite-plugin-solid'

/** Where the console's server listens while one works on pages with `vite --config ui/vite.config.ts`. */
const developmentServer = 'http://127.0.0.1:4320'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [solid()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    manifest: true,
    target: 'es2022',
    // An inlined file is a data: URL, which the server's content policy refuses.
    assetsInlineLimit: 0,
    // How long plugins took says something about the machine, not about the build.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  server: { proxy: { '/graphql': developmentServer, '/v1': developmentServer } },
})
