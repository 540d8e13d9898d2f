/** Loaded before the program: its startup event tells the kernel of whoever captures, which is nobody's business. */
import os from 'node:os'
import { syncBuiltinESMExports } from 'node:module'

os.release = () => '0'
syncBuiltinESMExports()
