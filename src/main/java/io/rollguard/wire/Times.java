package io.rollguard.wire;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;

/**
 * The plain form of times that Alertmanager and we write, 2026-11-24T08:30:00.123Z, at a tenth of a formatter's cost: several
 * of them are read and written with each alert.
 */
final class Times {

    private static final String FORM = "0000-00-00T00:00:00.000000000Z";

    private Times() {}

    /**
     * Null where it is another form.
     *
     * @throws DateTimeException where a number is out of its range
     */
    static @Nullable Instant utc(String text) {
        int end = text.length() - 1;
        if (end < 19 || end == 20 || end > 29 || text.charAt(end) != 'Z') {
            return null;
        }
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (!fits(FORM.charAt(i), c)) {
                return null;
            }
        }
        int nanos = 0;
        for (int i = 20; i < 29; i++) {
            nanos = 10 * nanos + (i < end ? text.charAt(i) - '0' : 0);
        }
        return LocalDateTime.of(
                        number(text, 0, 4),
                        number(text, 5, 7),
                        number(text, 8, 10),
                        number(text, 11, 13),
                        number(text, 14, 16),
                        number(text, 17, 19),
                        nanos)
                .toInstant(ZoneOffset.UTC);
    }

    /** As {@link #utc}; null where a number is out of its range as well. */
    static @Nullable Instant orNull(String text) {
        try {
            return utc(text);
        } catch (DateTimeException e) {
            return null;
        }
    }

    private static boolean fits(char form, char c) {
        return form == '0' ? isDigit(c) : form == c;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static int number(String text, int from, int to) {
        return Integer.parseInt(text, from, to, 10);
    }

    /** As {@link Instant#toString} has it: no fraction, or 3, 6 or 9 digits of one. */
    static String text(Instant time) {
        var utc = LocalDateTime.ofEpochSecond(time.getEpochSecond(), time.getNano(), ZoneOffset.UTC);
        if (utc.getYear() < 0 || utc.getYear() > 9999) {
            return time.toString();
        }
        var text = FORM.toCharArray();
        digits(text, 0, 4, utc.getYear());
        digits(text, 5, 2, utc.getMonthValue());
        digits(text, 8, 2, utc.getDayOfMonth());
        digits(text, 11, 2, utc.getHour());
        digits(text, 14, 2, utc.getMinute());
        digits(text, 17, 2, utc.getSecond());
        int nanos = utc.getNano();
        int places = nanos == 0 ? -1 : nanos % 1_000_000 == 0 ? 3 : nanos % 1000 == 0 ? 6 : 9;
        if (places > 0) {
            digits(text, 20, places, places == 3 ? nanos / 1_000_000 : places == 6 ? nanos / 1000 : nanos);
        }
        text[20 + places] = 'Z';
        return new String(text, 0, 21 + places);
    }

    private static void digits(char[] text, int at, int places, int number) {
        int left = number;
        for (int place = at + places - 1; place >= at; place--) {
            text[place] = (char) ('0' + left % 10);
            left /= 10;
        }
    }
}
