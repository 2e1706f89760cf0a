'use strict'
// Stands in for VS Code's native logger, which cannot be compiled on every machine: without one that really writes,
// nothing reaches the Output panel. VS Code imports it as a module, so each export stays a plain `exports.x =`.
const fs = require('node:fs')
const path = require('node:path')

const levels = ['trace', 'debug', 'info', 'warning', 'error', 'critical']
let initialLevel = 2

class Logger {
  constructor(_kind, _name, file) {
    this.file = file
    this.level = initialLevel
    this.withPrefix = true
    this.dropped = false
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.closeSync(fs.openSync(file, 'a'))
  }

  write(level, message) {
    if (this.dropped || level < this.level) return
    const localTime = new Date(Date.now() - new Date().getTimezoneOffset() * 60_000)
    const prefix = `${localTime.toISOString().slice(0, 23).replace('T', ' ')} [${levels[level]}] `
    fs.appendFileSync(this.file, this.withPrefix ? `${prefix}${message}\n` : message)
  }

  trace(message) {
    this.write(0, message)
  }
  debug(message) {
    this.write(1, message)
  }
  info(message) {
    this.write(2, message)
  }
  warn(message) {
    this.write(3, message)
  }
  error(message) {
    this.write(4, message)
  }
  critical(message) {
    this.write(5, message)
  }
  getLevel() {
    return this.level
  }
  setLevel(level) {
    this.level = level
  }
  setPattern() {}
  clearFormatters() {
    this.withPrefix = false
  }
  flush() {}
  drop() {
    this.dropped = true
  }
}

exports.version = 0
exports.setLevel = (level) => {
  initialLevel = level
}
exports.setFlushOn = () => {}
exports.Logger = Logger
exports.createRotatingLogger = async (name, file) => new Logger('', name, file)
exports.createAsyncRotatingLogger = async (name, file) => new Logger('', name, file)
