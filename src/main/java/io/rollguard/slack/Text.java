package io.rollguard.slack;

/**
 * A text object of Block Kit.
 *
 * @param plain plain_text, in which nothing is markup; else mrkdwn
 * @param slack escaped, as Slack gets it
 * @param shown as a person reads it
 */
record Text(boolean plain, String slack, String shown) {}
