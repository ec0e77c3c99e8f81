package io.rollguard.wrong.cli;

/** A command, which nothing may import. */
public final class Command {}
