// What app.py has Node read before it runs the CDK.
//
// Every synthesis checks the templates with a WebAssembly program that runs for about a second. V8 would compile
// its busiest functions a second time, to faster code that comes too late, and Node cannot end before that is done.
require("node:v8").setFlagsFromString("--liftoff-only");
