package io.rollguard.sandbox.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StrategicMergePatchTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'containers':[{'name':'a','image':'1'},{'name':'b'}]} | {'containers':[{'name':'a','image':'2'}]}"
                        + " | {'containers':[{'name':'a','image':'2'},{'name':'b'}]}",
                "{'containers':[{'name':'a'}]} | {'$setElementOrder/containers':[{'name':'a'}],'containers':[{'name':'c'}]}"
                        + " | {'containers':[{'name':'a'},{'name':'c'}]}",
                "{'containers':[{'name':'a'},{'name':'b'}]} | {'containers':[{'name':'a','$patch':'delete'}]}"
                        + " | {'containers':[{'name':'b'}]}",
                "{'template':{'x':1,'y':2}} | {'template':{'$patch':'replace','x':3}} | {'template':{'x':3}}",
                "{'args':['a','b']} | {'args':['c']} | {'args':['c']}",
                "{'labels':{'a':'1','b':'2'}} | {'labels':{'a':null}} | {'labels':{'b':'2'}}",
                "{'finalizers':['x']} | {'finalizers':['y']} | {'finalizers':['x','y']}",
                "{'finalizers':['x','y']} | {'$deleteFromPrimitiveList/finalizers':['x']} | {'finalizers':['y']}",
                "{'strategy':{'type':'A','rolling':1}} | {'strategy':{'$retainKeys':['type'],'type':'B'}}"
                        + " | {'strategy':{'type':'B'}}",
            })
    void mergesAsKubeApiserverDoes(String object, String patch, String expected) {
        ObjectNode result = StrategicMergePatch.apply(parse(patch), parse(object));

        assertThat(result).isEqualTo(parse(expected));
    }

    private static ObjectNode parse(String json) {
        return Json.parseObject(json.strip().replace('\'', '"'));
    }
}
