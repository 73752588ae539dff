/** Prints the id of its process, and ends. */
console.log(process.pid);
