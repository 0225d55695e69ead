require('./after.cjs')(require('./load.cjs'));
