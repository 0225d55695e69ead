import body from './body.cjs';
import load from './load.mjs';
body(load);
