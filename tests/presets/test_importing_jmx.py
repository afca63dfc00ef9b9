"""JMeter's test plans as JMeter saves them, and scripts of other load tools, which are named and not run."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from perftui.model.errors import UsageError
from perftui.model.plan import Capture, DataSource, Operation, Part
from perftui.presets.importing.any_file import kind_of
from perftui.presets.importing.jmx import import_jmx
from perftui.presets.loading import parse_preset
from support.mutation import with_a_part_replaced


def strings(**values: str) -> str:
    """Properties of an element; two underscores are a dot."""
    return "".join(
        f'<stringProp name="{name.replace("__", ".")}">{value}</stringProp>' for name, value in values.items()
    )


def sampler(name: str, method: str, path: str, *, arguments: str = "", inside: str = "", below: str = "") -> str:
    """An HTTP sampler."""
    return (
        f'<HTTPSamplerProxy guiclass="HttpTestSampleGui" testname="{name}" enabled="true">'
        f'<elementProp name="HTTPsampler.Arguments" elementType="Arguments"><collectionProp name="Arguments.arguments">'
        f"{arguments}</collectionProp></elementProp>"
        f"{strings(HTTPSampler__path=path, HTTPSampler__method=method)}{inside}"
        f"</HTTPSamplerProxy><hashTree>{below}</hashTree>"
    )


def argument(name: str, value: str, *, encoded: bool = True) -> str:
    """An argument of a sampler."""
    return (
        f'<elementProp name="{name}" elementType="HTTPArgument">'
        f'<boolProp name="HTTPArgument.always_encode">{str(encoded).lower()}</boolProp>'
        f"{strings(Argument__value=value, Argument__name=name)}</elementProp>"
    )


def assertion(field: str, kind: int, *wanted: str) -> str:
    """A response assertion."""
    texts = "".join(f'<stringProp name="{number}">{text}</stringProp>' for number, text in enumerate(wanted))
    return (
        f'<ResponseAssertion testname="assert {wanted[0]}"><collectionProp name="Asserion.test_strings">{texts}'
        f"</collectionProp>{strings(Assertion__test_field='Assertion.' + field)}"
        f'<intProp name="Assertion.test_type">{kind}</intProp></ResponseAssertion><hashTree/>'
    )


RAW = '<boolProp name="HTTPSampler.postBodyRaw">true</boolProp>'
LOGIN_BODY = argument("", '{"user": "${user}", "password": "${dbPassword}"}', encoded=False)
EXTRACT = (
    '<JSONPostProcessor testname="token">'
    + strings(JSONPostProcessor__referenceNames="token", JSONPostProcessor__jsonPathExprs="$.data.token")
    + "</JSONPostProcessor><hashTree/>"
)
FILES = (
    '<elementProp name="HTTPsampler.Files" elementType="HTTPFileArgs"><collectionProp name="HTTPFileArgs.files">'
    '<elementProp name="photo.png" elementType="HTTPFileArg">'
    + strings(File__path="photo.png", File__paramname="file", File__mimetype="image/png")
    + "</elementProp></collectionProp></elementProp>"
)
ITEMS = sampler(
    "Items",
    "GET",
    "/items",
    arguments=argument("q", "a b&amp;c") + argument("raw", "x/y", encoded=False),
    below=assertion("response_data", 16, "items") + assertion("response_data", 2, r"id.:.\d+"),
)
FORM = sampler("Form", "POST", "form", arguments=argument("a", "1 2") + argument("id", "${__UUID()}"))
OFF = sampler("Off", "GET", "/off").replace('enabled="true"', 'enabled="false"')
LOGIN = sampler(
    "Log in",
    "POST",
    "/login",
    arguments=LOGIN_BODY,
    inside=RAW,
    below=EXTRACT + assertion("response_code", 8, "201"),
)
UPLOAD = sampler("Upload", "POST", "/upload", arguments=argument("t", "x"), inside=FILES)
DEFAULTS = strings(HTTPSampler__domain="${host}", HTTPSampler__port="8080", HTTPSampler__protocol="http")
HEADER = strings(Header__name="Accept", Header__value="application/json")
TIMER = strings(ConstantTimer__delay="1000", RandomTimer__range="2000.0")
CSV = strings(filename="users.csv", variableNames="user,mail", delimiter=",", shareMode="shareMode.all")
GROUP = f"""
<ThreadGroup testname="Shoppers" enabled="true">
  <elementProp name="ThreadGroup.main_controller" elementType="LoopController">
    <stringProp name="LoopController.loops">-1</stringProp></elementProp>
  <stringProp name="ThreadGroup.num_threads">${{__P(users,20)}}</stringProp>
  <stringProp name="ThreadGroup.ramp_time">10</stringProp>
  <boolProp name="ThreadGroup.scheduler">true</boolProp><stringProp name="ThreadGroup.duration">60</stringProp>
</ThreadGroup>
<hashTree>
  <ConfigTestElement guiclass="HttpDefaultsGui" testname="defaults">{DEFAULTS}</ConfigTestElement><hashTree/>
  <HeaderManager testname="headers"><collectionProp name="HeaderManager.headers">
    <elementProp name="" elementType="Header">{HEADER}</elementProp></collectionProp></HeaderManager><hashTree/>
  <UniformRandomTimer testname="wait">{TIMER}</UniformRandomTimer><hashTree/>
  <CSVDataSet testname="users">{CSV}<boolProp name="ignoreFirstLine">false</boolProp></CSVDataSet><hashTree/>
  {LOGIN}
  <TransactionController testname="Browse"/><hashTree>{ITEMS}{FORM}{OFF}</hashTree>
  <IfController testname="Sometimes"/><hashTree>{UPLOAD}</hashTree>
  <LoopController testname="twice"><stringProp name="LoopController.loops">2</stringProp></LoopController>
  <hashTree>{sampler("Again", "GET", "/again?t=${token}")}</hashTree>
  <JSR223Sampler testname="script"/><hashTree/>
  <ResultCollector testname="tree"/><hashTree/>
</hashTree>
"""
HOST = strings(Argument__name="host", Argument__value="127.0.0.1")
PASSWORD = strings(Argument__name="dbPassword", Argument__value="s3cret-99")
PREPARE = sampler("Make", "POST", "http://127.0.0.1:8080/make", below=EXTRACT.replace("token", "made"))
CLEAN = sampler("Clean", "DELETE", "http://127.0.0.1:8080/made/${made}")
PLAN = f"""<?xml version="1.0" encoding="UTF-8"?>
<jmeterTestPlan version="1.2" properties="5.0" jmeter="5.6.3"><hashTree>
<TestPlan testname="Shop"><elementProp name="TestPlan.user_defined_variables" elementType="Arguments">
  <collectionProp name="Arguments.arguments">
    <elementProp name="host" elementType="Argument">{HOST}</elementProp>
    <elementProp name="dbPassword" elementType="Argument">{PASSWORD}</elementProp>
  </collectionProp></elementProp></TestPlan>
<hashTree>
<SetupThreadGroup testname="prepare"><stringProp name="ThreadGroup.num_threads">2</stringProp></SetupThreadGroup>
<hashTree>{PREPARE}</hashTree>
{GROUP}
<PostThreadGroup testname="clean up"/><hashTree>{CLEAN}</hashTree>
</hashTree>
</hashTree></jmeterTestPlan>
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "users.csv").write_text("user,mail\nann,a@b\n")
    return tmp_path


def test_users_and_requests_of_a_plan(folder: Path) -> None:
    plan = parse_preset(import_jmx(PLAN, "shop"), str(folder / "shop.toml"))
    assert (plan.title, plan.target.url) == ("Shop", "http://127.0.0.1:8080")
    assert all(step.headers["Accept"] == "application/json" for step in plan.journeys[0].steps)
    assert plan.load.mode == "users"
    assert [(stage.duration_s, stage.to) for stage in plan.load.stages] == [(10, 20), (50, 20)]
    [journey] = plan.journeys
    assert journey.name == "Shoppers"
    assert [step.name for step in journey.steps] == ["Log in", "Items", "Form", "Upload", "Again", "Again (2)"]
    assert {step.think_s for step in journey.steps} == {(1.0, 3.0)}
    assert [(request.name, request.captures[0].name) for request in plan.before] == [("Make", "made")]
    assert [(request.method, request.path) for request in plan.after] == [("DELETE", "/made/${made}")]
    assert plan.data == (DataSource(name="data1", file=str(folder / "users.csv")),)


def test_what_each_sampler_sends(folder: Path) -> None:
    plan = parse_preset(import_jmx(PLAN, "shop"), str(folder / "shop.toml"))
    found: dict[str, Operation] = {step.name: step for step in plan.journeys[0].steps}
    login = found["Log in"]
    assert login.body == '{"user": "${data:data1.user}", "password": "${env:DBPASSWORD}"}'
    assert login.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert login.captures == (Capture(name="token", json="$.data.token"),)
    assert login.checks[0].status == (201,)
    assert found["Items"].path == "/items?q=a+b%26c&raw=x/y"
    assert [(check.contains, check.matches) for check in found["Items"].checks] == [("items", ""), ("", "id.:.\\d+")]
    assert (found["Form"].path, found["Form"].body) == ("/form", "a=1+2&id=${uuid}")
    assert found["Upload"].multipart == (
        Part(name="t", value="x"),
        Part(name="file", file=str(folder / "photo.png"), content_type="image/png"),
    )
    assert found["Again"].query == {"t": "${token}"}


def test_what_is_not_carried_over_is_said() -> None:
    text = import_jmx(PLAN, "shop")
    assert "s3cret" not in text
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# set before the run: DBPASSWORD",
        "# users.csv needs a first line with the names: user,mail",
        "# left out, how often it is sent: it is sent once: prepare",
        "# left out, when a controller sends its requests: they are sent each time: IfController Sometimes",
        "# left out, as they are not HTTP: script",
    ]


def test_a_number_of_repetitions_is_a_number_of_requests(folder: Path) -> None:
    text = PLAN.replace(">-1<", ">5<").replace(">true</boolProp><stringProp", ">false</boolProp><stringProp")
    plan = parse_preset(import_jmx(text), str(folder / "shop.toml"))
    assert plan.load.max_requests == 20 * 5 * 6


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no XML"),
        ("<a/>", "no TestPlan"),
        ("<jmeterTestPlan>" * 500, "nested deeper than 200"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><jmeterTestPlan>&a;</jmeterTestPlan>', "declares a document type"),
        pytest.param(
            "<jmeterTestPlan>" + "<a/>" * 200_001 + "</jmeterTestPlan>",
            "more than 200,000 elements",
            marks=pytest.mark.slow,
        ),
        (PLAN.replace("HTTPSamplerProxy", "FTPSampler"), "no request with an http"),
    ],
    ids=("empty", "another root", "deep", "entities", "large", "no HTTP"),
)
def test_what_is_no_plan_is_refused(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        import_jmx(text)


def test_variables_that_lead_to_themselves_end() -> None:
    text = PLAN.replace(">127.0.0.1<", f">{'${host}' * 50}<")
    assert "# left out, as it is longer than 8,000 characters: target.url" in import_jmx(text)


K6 = """
import http from 'k6/http';
const BASE = 'https://shop.example';
export default function () {
  http.get(`${BASE}/items?token=abc`);
  const res = http.post(BASE + "/login", JSON.stringify({ a: 1 }), { headers: {} });
  http.del('https://shop.example/items/1');
  http.batch([['GET', 'https://shop.example/a'], ["PUT", `${BASE}/b`]]);
  http.get(url);
}
"""
LOCUST = """
from locust import HttpUser, task
class Shop(HttpUser):
    host = "http://shop.example"
    @task
    def items(self):
        self.client.get("/items", name="x")
        self.client.post(f"/cart/{self.id}", json={})
"""
GATLING = """
import io.gatling.javaapi.http.*;
HttpProtocolBuilder p = http.baseUrl("https://shop.example");
exec(http("Home").get("/")).exec(http("Buy").post("/buy"));
"""
ARTILLERY = """
config:
  target: "https://shop.example"
scenarios:
  - flow:
      - get:
          url: "/a"
      - post: { url: "/b" }
"""


@pytest.mark.parametrize(
    ("text", "kind", "requests"),
    [
        (K6, "k6 script", ["GET https://shop.example/items", "POST https://shop.example/login",
                           "DELETE https://shop.example/items/1", "GET https://shop.example/a",
                           "PUT https://shop.example/b"]),
        (LOCUST, "Locust file", ["GET http://shop.example/items", "POST http://shop.example/cart/{self.id}"]),
        (LOCUST.replace("host =", "host_ ="), "Locust file", ["GET /items", "POST /cart/{self.id}"]),
        (GATLING, "Gatling simulation", ["GET https://shop.example/", "POST https://shop.example/buy"]),
        (ARTILLERY, "Artillery script", ["GET https://shop.example/a", "POST https://shop.example/b"]),
        ("import http from 'k6/http'", "k6 script", []),
    ],
)  # fmt: skip
def test_scripts_are_named_and_their_requests_listed(text: str, kind: str, requests: list[str]) -> None:
    with pytest.raises(UsageError) as refused:
        kind_of(text, "script")
    first, *listed = refused.value.problems
    assert first.startswith(f"script: a {kind}: it is for its own tool, perftui does not run it")
    assert listed == [f"  {one}" for one in requests]


def test_the_kind_is_guessed() -> None:
    assert kind_of(PLAN) == "jmx"


@settings(max_examples=30)
@given(with_a_part_replaced([PLAN.replace("CSVDataSet", "NoDataSet")], "{}[]<>@#:;=&%^$\"'\\/\n -\x00é0aF"))
def test_a_nearly_right_one_is_imported_or_refused(text: str) -> None:
    try:
        made = import_jmx(text)
    except UsageError:
        return
    parse_preset(made, "imported.toml")
