"""The commands of `./erp`: one file each, `HELP`, `arguments(parser)`, `run(options) -> exit code`. A new file is a new command."""
