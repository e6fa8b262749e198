#!/usr/bin/env node
// Plain JavaScript and the bot process itself: a signal to this process is a signal to the bot.
import '../dist/main.js';
