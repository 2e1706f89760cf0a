@echo off
setlocal
rem Runs the command line with the runtime of the VS Code that this terminal belongs to, else with Node.js.
set ELECTRON_RUN_AS_NODE=1
if not defined QUANTUM_ADMIN_RUNTIME set QUANTUM_ADMIN_RUNTIME=node
"%QUANTUM_ADMIN_RUNTIME%" "%~dp0..\..\bin\quantum-admin.cjs" %*
exit /b %ERRORLEVEL%
