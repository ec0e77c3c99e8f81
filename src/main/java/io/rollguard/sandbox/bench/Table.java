package io.rollguard.sandbox.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A table in columns: the first to the left, the others to the right. */
public final class Table {

    private final List<List<String>> rows = new ArrayList<>();

    public Table(String... heads) {
        rows.add(List.of(heads));
    }

    /** @param cells texts as they are, numbers to three digits that matter */
    public Table row(Object... cells) {
        var row = Arrays.stream(cells)
                .map(cell -> cell instanceof Number number ? number(number.doubleValue()) : String.valueOf(cell))
                .toList();
        if (row.size() != rows.getFirst().size()) {
            throw new IllegalArgumentException("%d cells under %d heads: %s"
                    .formatted(row.size(), rows.getFirst().size(), row));
        }
        rows.add(row);
        return this;
    }

    @Override
    public String toString() {
        return rows.stream().map(this::line).collect(Collectors.joining("\n", "", "\n"));
    }

    private String line(List<String> row) {
        var line = new StringBuilder();
        for (int column = 0; column < row.size(); column++) {
            int width = width(column);
            line.append(column == 0 ? "" : "  ")
                    .append(
                            column == 0
                                    ? row.get(column)
                                    : " ".repeat(width - row.get(column).length()) + row.get(column))
                    .append(column == 0 ? " ".repeat(width - row.get(column).length()) : "");
        }
        return line.toString().stripTrailing();
    }

    private int width(int column) {
        return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
    }

    /** Whole from 100 on, else to three digits that matter. */
    static String number(double value) {
        if (!Double.isFinite(value)) {
            return "none";
        }
        double size = Math.abs(value);
        var format = size >= 100 || value == Math.rint(value)
                ? "%,.0f"
                : size >= 10 ? "%.1f" : size >= 0.1 ? "%.2f" : "%.4f";
        return String.format(Locale.ROOT, format, value);
    }
}
