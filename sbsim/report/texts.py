"""Every fixed text of the report, in English and Chinese."""

from __future__ import annotations

from sbsim.report.requirements import Wording

_TEXTS: dict[str, tuple[str, str]] = {
    # head and verdict
    "title": ("Acceptance report", "验收报告"),
    "subject": ("Shared Block deployment", "Shared Block 部署"),
    "pass": ("Pass", "通过"),
    "fail": ("Fail", "不通过"),
    "inconclusive": ("Inconclusive", "无法判定"),
    "blocked": ("Blocked", "受阻"),
    "untested": ("Untested", "未测试"),
    "out-of-scope": ("Out of scope", "不在范围内"),
    "verdict": ("Verdict", "结论"),
    "all-pass": (
        "All {count} requirements in scope pass.",
        "范围内的 {count} 项需求全部通过。",
    ),
    "some-fail": (
        "{count} of {scope} requirements in scope fail: {ids}.",
        "范围内 {scope} 项需求中有 {count} 项不通过：{ids}。",
    ),
    "none-fail": (
        "No requirement in scope fails, but not all could be shown to pass.",
        "范围内没有不通过的需求，但并非全部得到验证。",
    ),
    "test-fails": (
        "Every requirement in scope is free of failures, but tests of other things failed.",
        "范围内的需求没有不通过，但其他测试存在失败。",
    ),
    "nothing-in-scope": (
        "No requirement is in the scope of this backend.",
        "该后端的范围内没有任何需求。",
    ),
    "cut-short": (
        "The run was cut short: what is missing did not run.",
        "运行被中断：缺失的项目未执行。",
    ),
    "count-blocked": ("{count} blocked: {ids}.", "{count} 项受阻：{ids}。"),
    "count-inconclusive": ("{count} inconclusive: {ids}.", "{count} 项无法判定：{ids}。"),
    "count-untested": ("{count} untested: {ids}.", "{count} 项未测试：{ids}。"),
    "count-pass": ("{count} pass.", "{count} 项通过。"),
    "outside": (
        "Outside the scope of this run, and not counted: {count}.",
        "另有 {count} 项需求不在本次运行的范围内，不计入结论。",
    ),
    "emulated-note": (
        "The machines were emulated: what they do is proven here, how fast they do it is not.",
        "本次运行使用模拟的机器：可验证功能，不能验证性能。",
    ),
    "simulated-note": (
        "This was a simulation: it shows what sbsim does, not what real machines do.",
        "本次为仿真运行：反映 sbsim 自身的行为，不代表真实机器。",
    ),
    "judged-on": ("judged on the deployment {name}", "在部署 {name} 上判定"),
    "its-report": ("The report of that run", "该次运行的报告"),
    # facts of the run
    "deployment": ("Deployment", "部署"),
    "backend": ("Backend", "后端"),
    "profile": ("Profile", "产品配置"),
    "seed": ("Seed", "随机种子"),
    "mode": ("Mode", "方式"),
    "mode-apply": ("built, then checked", "先部署后检查"),
    "mode-no-apply": ("checked as found", "按现状检查"),
    "started": ("Started", "开始时间"),
    "duration": ("Duration", "用时"),
    "tests": ("Tests", "测试"),
    "tests-counts": (
        "{passed} passed, {failed} failed, {blocked} blocked, {skipped} skipped",
        "通过 {passed}，失败 {failed}，受阻 {blocked}，跳过 {skipped}",
    ),
    "machines-kind": ("Machines", "机器"),
    "real": ("real", "真实机器"),
    "emulated": ("virtual, emulated", "虚拟机（软件模拟）"),
    "virtual": ("virtual, hardware-assisted", "虚拟机（硬件辅助）"),
    "simulated": ("simulated", "仿真"),
    # sections
    "overview": ("Overview", "总览"),
    "topology": ("Topology", "拓扑"),
    "requirements": ("Requirements", "需求"),
    "findings": ("Findings", "发现"),
    "phases": ("Phases", "阶段用时"),
    "run": ("How this was run", "运行信息"),
    "language": ("Language", "语言"),
    "theme": ("Theme", "主题"),
    "theme-auto": ("Auto", "自动"),
    "theme-light": ("Light", "浅色"),
    "theme-dark": ("Dark", "深色"),
    # topology
    "topology-note": (
        "Drawn from the description; sessions as the hosts stated them at the end.",
        "依据部署描述绘制；会话状态取自运行结束时各主机的报告。",
    ),
    "storage-server": ("Storage server", "存储服务器"),
    "management-node": ("Management node", "管理节点"),
    "host": ("Host", "主机"),
    "controller": ("Controller", "控制器"),
    "portal": ("Portal", "门户"),
    "target": ("Target", "目标器"),
    "link": ("Link", "链路"),
    "portal-group": ("portal group {tag}", "门户组 {tag}"),
    "fabric": ("Fibre Channel", "光纤通道"),
    "fc-ports": ("FC ports", "FC 端口"),
    "every-port": ("shown by every port", "由每个端口提供"),
    "no-lun": ("no LUN", "无 LUN"),
    "and-more": ("… and {count} more", "……另有 {count} 项"),
    "no-session-expected": ("no session expected", "无需会话"),
    "session-up": ("logged in", "已登录"),
    "session-down": ("not logged in", "未登录"),
    "session-unknown": ("not looked at", "未查看"),
    "session-unexpected": ("not described", "描述之外"),
    "sessions": ("Sessions", "会话"),
    "sessions-of": ("Sessions in full", "全部会话"),
    "luns-of": ("LUNs in full", "全部 LUN"),
    "name": ("Name", "名称"),
    "size": ("Size", "容量"),
    "serial": ("Serial", "序列号"),
    "cache": ("Cache", "缓存"),
    "backing": ("Backing", "后端类型"),
    "state": ("State", "状态"),
    "not-drawn": (
        "The recorded description names no machines, so nothing is drawn.",
        "记录的部署描述中没有机器，因此未绘制拓扑。",
    ),
    # requirements
    "chapter": ("Chapter {id}", "第 {id} 章"),
    "probes": ("Facts observed", "观测事实"),
    "fact": ("Fact", "事实"),
    "where": ("Where", "位置"),
    "seen": ("Seen", "实际"),
    "wanted": ("Wanted", "期望"),
    "as-wanted": ("as wanted", "符合期望"),
    "not-as-wanted": ("not as wanted", "不符合期望"),
    "not-told": ("could not be told", "无法判定"),
    "not-recorded": ("not recorded", "无记录"),
    "checks": ("Checks", "检查"),
    "checks-count": ("{count} checks", "{count} 项检查"),
    "one-check": ("1 check", "1 项检查"),
    "not-asked": ("not asked for", "未要求"),
    "needs": ("needs {what}", "需要 {what}"),
    "no-checks": ("no check", "无检查"),
    "commands-count": ("{count} commands", "{count} 条命令"),
    "one-command": ("1 command", "1 条命令"),
    "commands-elsewhere": ("commands: see {id}", "命令见 {id}"),
    "commands-earlier": (
        "{count} earlier commands are in evidence/commands.jsonl",
        "更早的 {count} 条命令见 evidence/commands.jsonl",
    ),
    "status": ("status", "状态码"),
    "no-status": ("did not end", "未结束"),
    "output-cut": (
        "… cut; all {size} bytes: evidence/blobs/{sha}",
        "……已截断；完整 {size} 字节见 evidence/blobs/{sha}",
    ),
    "value-cut": ("… cut; see evidence/probes.jsonl", "……已截断；详见 evidence/probes.jsonl"),
    "passed": ("passed", "通过"),
    "failed": ("failed", "失败"),
    "error": ("error", "错误"),
    "skipped": ("skipped", "跳过"),
    "check-blocked": ("blocked", "受阻"),
    "unended": ("did not end", "未结束"),
    "guide-says": ("The guide", "指南"),
    "product-does": ("The product", "产品"),
    "we-check": ("Checked here", "本次检查"),
    "shown-by": ("Breaks that turn it red", "可使其变红的破坏项"),
    "nothing-recorded": (
        "Nothing was recorded for this requirement.",
        "该需求没有任何记录。",
    ),
    # findings, phases, run
    "no-findings": ("No findings.", "没有发现。"),
    "mend": ("To mend it:", "处理办法："),
    "severity-error": ("Error", "错误"),
    "severity-warning": ("Warning", "警告"),
    "severity-info": ("Note", "提示"),
    "no-phases": ("No phase was timed.", "没有记录阶段用时。"),
    "sum": ("Whole run", "总用时"),
    "ran-on": ("Ran on", "运行环境"),
    "versions": ("Versions", "版本"),
    "capabilities": ("Capabilities", "能力"),
    "run-again": ("Run it again", "重新运行"),
    "hint": (
        "Open a requirement to see the facts observed and the commands behind them.",
        "展开任一需求可查看观测事实及其背后的命令。",
    ),
    "made-by": ("Made by sbsim from", "由 sbsim 依据以下文件生成："),
}

FINDINGS: dict[str, tuple[str, str]] = {
    "shared-volumes-raw": ("Shared volumes are raw", "共享云盘为 raw 格式"),
    "run-cut-short": ("Run cut short", "运行被中断"),
    "unknown-requirement": ("Unknown requirement", "未知需求"),
    "single-link": ("Single storage link", "存储链路无冗余"),
    "single-controller": ("Single controller", "存储控制器无冗余"),
    "scaled-down": ("Lab smaller than described", "实验环境配置低于描述"),
    "io-timeout": ("Shorter lock time-out", "锁超时时间短于产品默认值"),
    "not-applicable": ("Not claimed for this version", "此版本不予判定"),
    "pool-effort": ("What building the pool took", "搭建存储池的工作量"),
    "path-lost-gap": ("Gap when a path is lost", "路径中断时的 I/O 停顿"),
    "locks-of-a-lost-host": ("Locks of a lost host", "失联主机的锁释放时间"),
    "deployment-broken": ("The deployment could not be made", "部署未能完成"),
    "sessions-not-read": ("Sessions not read", "未能读取会话"),
    "end-state-not-read": ("End not read", "未能读取最终状态"),
}

PHASES: dict[str, tuple[str, str]] = {
    "machines": ("Machines", "启动机器"),
    "provision": ("Provision", "部署"),
    "platform": ("Platform", "平台接管主机并挂载主存储"),
    "diagnosis": ("Diagnosis", "诊断"),
    "tests": ("Tests", "执行测试"),
    "end-state": ("End looked at", "读取最终状态"),
}


def words(key: str, **values: object) -> Wording:
    """A text of the report with its values filled in; KeyError for an unknown key."""
    en, zh = _TEXTS[key]
    if "ids" in values:
        return Wording(
            en=en.format(**values), zh=zh.format(**values | {"ids": chinese_list(values["ids"])})
        )
    return Wording(en=en.format(**values), zh=zh.format(**values))


def chinese_list(text: object) -> str:
    """An enumeration with the Chinese separator."""
    return str(text).replace(", ", "、")


def named(names: dict[str, tuple[str, str]], key: str) -> Wording:
    """A known name in both languages; an unknown one stays as it is."""
    en, zh = names.get(key, (key, key))
    return Wording(en=en or "-", zh=zh or "-")
