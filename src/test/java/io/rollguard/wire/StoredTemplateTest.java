package io.rollguard.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.rollguard.release.GoodRevision;
import io.rollguard.release.RevisionHash;
import io.rollguard.release.WorkloadFacts;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoredTemplateTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonNode TEMPLATE =
            json("{'metadata':{'labels':{'app':'cart'}},'spec':{'containers':[{'name':'a','image':'cart:1'}]}}");
    private static final GoodRevision GOOD = new GoodRevision(
            "u", new RevisionHash("5f4"), PodTemplate.digest(TEMPLATE), Instant.parse("2026-11-23T00:00:00Z"), false);

    @Test
    void aGoodRevisionIsReadAsItWasKept() {
        var object = StoredTemplate.good(cart(), GOOD, TEMPLATE);

        var reduced = KubernetesObjects.reduce("c", object);

        assertThat(reduced).isEqualTo(new Reduced.Good(GOOD));
        assertThat(StoredTemplate.template(object)).contains(TEMPLATE);
        assertThat(StoredTemplate.isOf(object, GOOD.hash())).isTrue();
        assertThat(StoredTemplate.isOf(object, new RevisionHash("other"))).isFalse();
    }

    @Test
    void aControllerOfWorkloadsNeverTakesItForItsOwn() {
        var object = StoredTemplate.good(cart(), GOOD, TEMPLATE);

        var owner = object.at("/metadata/ownerReferences/0");
        assertThat(owner.path("controller").asBoolean(true)).isFalse();
        assertThat(owner.path("blockOwnerDeletion").asBoolean(true)).isFalse();
        assertThat(object.at("/metadata/labels").has("app")).isFalse();
        assertThat(object.path("data").path("template").asText()).matches("[A-Za-z0-9+/=]+");
    }

    @Test
    void whatARolloutSaysItselfIsKeptThoughItsReplicaSetSaysMore() {
        var defaulted =
                json("{'spec':{'containers':[{'name':'a','image':'cart:1','imagePullPolicy':'IfNotPresent'}]}}");
        var good = new GoodRevision(
                "u",
                GOOD.hash(),
                PodTemplate.digest(defaulted),
                GOOD.since(),
                false,
                PodTemplate.configDigest(defaulted));

        var object = StoredTemplate.good(cart(), good, TEMPLATE);

        assertThat(StoredTemplate.isOf(object, good.hash())).isTrue();
        assertThat(StoredTemplate.templateDigest(object)).contains(PodTemplate.digest(defaulted));
        assertThat(KubernetesObjects.reduce("c", object)).isEqualTo(new Reduced.Good(good));
    }

    @Test
    void aSnapshotIsNoGoodRevision() {
        var object = StoredTemplate.snapshot(cart(), new RevisionHash("bad"), GOOD.hash(), TEMPLATE);

        assertThat(KubernetesObjects.reduce("c", object)).isEqualTo(new Reduced.Unused());
        assertThat(StoredTemplate.template(object)).contains(TEMPLATE);
    }

    @Test
    void whatIsProvenIsKeptBesideWhatIsAssumed() {
        var assumed = new GoodRevision("u", GOOD.hash(), GOOD.templateDigest(), GOOD.since(), true);

        var one = StoredTemplate.good(cart(), GOOD, TEMPLATE);
        var other = StoredTemplate.good(cart(), assumed, TEMPLATE);

        assertThat(one.at("/metadata/name")).isNotEqualTo(other.at("/metadata/name"));
    }

    @Test
    void aTemplateThatDoesNotMatchItsDigestIsNotOfThatRevision() {
        var object = StoredTemplate.good(cart(), GOOD, TEMPLATE);
        var forged = StoredTemplate.good(cart(), GOOD, json("{'spec':{'containers':[{'image':'evil'}]}}"));

        object.set("data", forged.get("data"));

        assertThat(StoredTemplate.isOf(object, GOOD.hash())).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{'data':{'template':'???'}}", "{'data':{'template':'QUJD'}}", "{'data':[]}"})
    void dataThatCannotBeReadIsNoTemplate(String object) {
        assertThat(StoredTemplate.template(json(object))).isEmpty();
    }

    @Test
    void theNameFitsHoweverLongTheWorkloadsIs() {
        var object = StoredTemplate.good(named("x".repeat(253)), GOOD, TEMPLATE);

        assertThat(object.at("/metadata/name").asText()).hasSize(253).endsWith("-good-5f4");
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text.replace('\'', '"'));
        } catch (JsonProcessingException wrong) {
            throw new AssertionError(wrong);
        }
    }

    private static WorkloadFacts cart() {
        return named("cart");
    }

    private static WorkloadFacts named(String name) {
        var object = json("{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'" + name
                + "','namespace':'shop','uid':'u','creationTimestamp':'2026-11-23T00:00:00Z'}}");
        return ((Reduced.Workload) KubernetesObjects.reduce("c", object)).facts();
    }
}
