package io.rollguard.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.rollguard.release.Reference;
import io.rollguard.release.Reference.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * What a pod template names beside it: names only. What it marks as optional is left out, since its pods start without. An
 * image pull Secret is named, but not needed: a kubelet without it pulls all the same, and most often has the image.
 */
public final class PodReferences {

    /** Kinds of volume whose Secret stands under {@code secretRef}. */
    private static final List<String> WITH_SECRET_REF =
            List.of("cephfs", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos");

    /** Every namespace has it. */
    private static final String DEFAULT_ACCOUNT = "default";

    private final List<Reference> found = new ArrayList<>();

    private PodReferences() {}

    /** Each once, sorted; needed where one of the places that name it needs it. */
    public static List<Reference> of(JsonNode template) {
        var references = new PodReferences();
        references.ofPod(template.path("spec"));
        var once = new TreeMap<String, Reference>();
        references.found.forEach(
                each -> once.merge(each.toString(), each, (before, after) -> before.needed() ? before : after));
        return once.values().stream().sorted().toList();
    }

    private void ofPod(JsonNode spec) {
        for (var containers : List.of("initContainers", "containers")) {
            spec.path(containers).forEach(this::ofContainer);
        }
        spec.path("volumes").forEach(this::ofVolume);
        var account = spec.path("serviceAccountName").asText(DEFAULT_ACCOUNT);
        if (!account.equals(DEFAULT_ACCOUNT)) {
            add(Kind.SERVICE_ACCOUNT, account, true);
        }
        spec.path("imagePullSecrets")
                .forEach(secret -> add(Kind.SECRET, secret.path("name").asText(), false));
    }

    private void ofContainer(JsonNode container) {
        for (var from : container.path("envFrom")) {
            unlessOptional(Kind.CONFIG_MAP, from.path("configMapRef"), "name");
            unlessOptional(Kind.SECRET, from.path("secretRef"), "name");
        }
        for (var variable : container.path("env")) {
            unlessOptional(Kind.CONFIG_MAP, variable.at("/valueFrom/configMapKeyRef"), "name");
            unlessOptional(Kind.SECRET, variable.at("/valueFrom/secretKeyRef"), "name");
        }
    }

    private void ofVolume(JsonNode volume) {
        unlessOptional(Kind.CONFIG_MAP, volume.path("configMap"), "name");
        unlessOptional(Kind.SECRET, volume.path("secret"), "secretName");
        for (var source : volume.at("/projected/sources")) {
            unlessOptional(Kind.CONFIG_MAP, source.path("configMap"), "name");
            unlessOptional(Kind.SECRET, source.path("secret"), "name");
        }
        unlessOptional(Kind.CLAIM, volume.path("persistentVolumeClaim"), "claimName");
        unlessOptional(Kind.SECRET, volume.path("azureFile"), "secretName");
        unlessOptional(Kind.SECRET, volume.at("/csi/nodePublishSecretRef"), "name");
        WITH_SECRET_REF.forEach(
                type -> unlessOptional(Kind.SECRET, volume.path(type).path("secretRef"), "name"));
    }

    private void unlessOptional(Kind kind, JsonNode source, String field) {
        if (!source.path("optional").asBoolean(false)) {
            add(kind, source.path(field).asText(), true);
        }
    }

    private void add(Kind kind, String name, boolean needed) {
        if (!name.isEmpty()) {
            found.add(new Reference(kind, name, needed));
        }
    }
}
