require('./body.cjs')(require('./load.cjs'));
