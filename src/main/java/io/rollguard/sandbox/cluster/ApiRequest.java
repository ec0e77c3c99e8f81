package io.rollguard.sandbox.cluster;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * One request to the API, its path taken apart. {@code resource} is "" for discovery and other paths.
 *
 * @param verb as RBAC names it: get, list, watch, create, update, patch, delete, deletecollection
 * @param asTable the answer is to be shown, not read
 * @param asMetadata of the object nothing but its metadata is wanted
 */
record ApiRequest(
        String method,
        String path,
        Map<String, String> query,
        String verb,
        String group,
        String version,
        String namespace,
        String resource,
        String name,
        String subresource,
        String contentType,
        boolean asTable,
        boolean asMetadata,
        String userAgent,
        byte[] body) {

    static ApiRequest parse(
            String method, String uri, String contentType, String accept, String userAgent, byte[] body) {
        int mark = uri.indexOf('?');
        String path = mark < 0 ? uri : uri.substring(0, mark);
        Map<String, String> query = query(mark < 0 ? "" : uri.substring(mark + 1));
        List<String> parts = new ArrayList<>();
        for (String part : path.split("/")) {
            if (!part.isEmpty()) {
                parts.add(decode(part));
            }
        }
        String group = "";
        String version = "";
        String namespace = "";
        String resource = "";
        String name = "";
        String subresource = "";
        boolean core = parts.size() >= 2 && parts.get(0).equals("api");
        boolean grouped = parts.size() >= 3 && parts.get(0).equals("apis");
        if (core || grouped) {
            group = core ? "" : parts.get(1);
            version = parts.get(core ? 1 : 2);
            List<String> rest = parts.subList(core ? 2 : 3, parts.size());
            boolean inNamespace = rest.size() >= 3
                    && rest.get(0).equals("namespaces")
                    && !(core && List.of("status", "finalize").contains(rest.get(2)));
            if (inNamespace) {
                namespace = rest.get(1);
                rest = rest.subList(2, rest.size());
            }
            resource = rest.isEmpty() ? "" : rest.get(0);
            name = rest.size() > 1 ? rest.get(1) : "";
            subresource = rest.size() > 2 ? String.join("/", rest.subList(2, rest.size())) : "";
        }
        boolean watch = List.of("true", "1").contains(query.getOrDefault("watch", ""));
        String verb = switch (method) {
            case "GET", "HEAD" -> resource.isEmpty() ? "get" : watch ? "watch" : name.isEmpty() ? "list" : "get";
            case "POST" -> "create";
            case "PUT" -> "update";
            case "PATCH" -> "patch";
            case "DELETE" -> name.isEmpty() ? "deletecollection" : "delete";
            default -> method.toLowerCase(Locale.ROOT);
        };
        return new ApiRequest(
                method,
                path,
                query,
                verb,
                group,
                version,
                namespace,
                resource,
                name,
                subresource,
                contentType,
                accept.contains(Tables.ACCEPTED),
                accept.contains("as=PartialObjectMetadata"),
                userAgent,
                body);
    }

    String param(String name) {
        return query.getOrDefault(name, "");
    }

    boolean flag(String name) {
        return query.getOrDefault(name, "").equals("true");
    }

    boolean dryRun() {
        return query.containsKey("dryRun");
    }

    /** Who writes: the {@code fieldManager}, else the first word of the user agent. */
    Writer writer() {
        String manager = param("fieldManager");
        if (manager.isEmpty()) {
            manager = userAgent.split("/", 2)[0];
        }
        return new Writer(manager.isEmpty() ? "unknown" : manager);
    }

    private static Map<String, String> query(String text) {
        Map<String, String> query = new LinkedHashMap<>();
        for (String pair : text.split("&")) {
            if (!pair.isEmpty()) {
                int equals = pair.indexOf('=');
                query.put(
                        decode(equals < 0 ? pair : pair.substring(0, equals)),
                        equals < 0 ? "" : decode(pair.substring(equals + 1)));
            }
        }
        return query;
    }

    private static String decode(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw ApiFailure.badRequest("malformed URL");
        }
    }
}
