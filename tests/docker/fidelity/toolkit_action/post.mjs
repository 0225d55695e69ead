import after from './after.cjs';
import load from './load.mjs';
after(load);
