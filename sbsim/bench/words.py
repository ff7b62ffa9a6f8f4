"""Every fixed text of a bench report, in English and Chinese."""

from __future__ import annotations

from sbsim.report.requirements import Wording

_TEXTS: dict[str, tuple[str, str]] = {
    "title": ("Performance report", "性能报告"),
    "subject": ("Shared Block against its disk", "Shared Block 与其磁盘的对比"),
    "pass": ("Delivered", "达到"),
    "fail": ("Not delivered", "未达到"),
    "inconclusive": ("Inconclusive", "无法判定"),
    "added": ("What Shared Block adds (volume / LUN)", "Shared Block 的开销（卷 / LUN）"),
    "claim": ("The claim (volume / the server's disk)", "厂商的声明（卷 / 服务器磁盘）"),
    "verdicts": ("Verdicts", "结论"),
    "shown": (
        "{ratio}, 95 % interval {low} to {high} from {pairs} pairs; the worst of {count} workloads "
        "({workload}); margin {margin}.",
        "{ratio}，95 % 区间 {low} 至 {high}，共 {pairs} 对；"
        "{count} 种负载中最差的一种（{workload}）；容限 {margin}。",
    ),
    "shown-one": (
        "{ratio}, 95 % interval {low} to {high} from {pairs} pairs ({workload}); margin {margin}.",
        "{ratio}，95 % 区间 {low} 至 {high}，共 {pairs} 对（{workload}）；容限 {margin}。",
    ),
    "missing": (
        "It cannot pass yet: nothing is shown for {workloads}.",
        "尚不能通过：{workloads} 没有结果。",
    ),
    "not-measured": ("Nothing was measured for it.", "没有相应的测量数据。"),
    "needs-measured_io": (
        "Not judged: emulated machines have the processor as their bottleneck, not the disk.",
        "不作判定：机器为软件模拟，瓶颈在处理器而不在磁盘。",
    ),
    "needs-real_kernel": (
        "Not judged: no real kernel did this work.",
        "不作判定：并非由真实内核完成。",
    ),
    "noise": (
        "Noise floor: a layer against itself came out between {low} and {high}.",
        "噪声底限：同一层与自身对比的结果介于 {low} 与 {high} 之间。",
    ),
    "emulated": (
        "Emulated: ratios mean something, absolute numbers do not.",
        "软件模拟：比值有意义，绝对数值没有意义。",
    ),
    "ratios": ("Where performance goes", "性能的去向"),
    "ratios-note": (
        "Each row is one layer against another: the mean ratio with its 95 % interval. The band "
        "is the margin that was stated before the run.",
        "每行为一层与另一层的对比：平均比值及其 95 % 区间。色带为运行前设定的容限。",
    ),
    "layers": ("What each layer did", "各层的表现"),
    "latency": ("Latency", "延迟"),
    "latency-note": (
        "Percentiles of all I/Os of all rounds, on a logarithmic axis.",
        "所有轮次全部 I/O 的百分位数，对数坐标。",
    ),
    "rounds": ("Round by round", "逐轮结果"),
    "rounds-note": (
        "The ratio of every pair in the order in which they were measured.",
        "按测量顺序排列的每一对的比值。",
    ),
    "run": ("The run", "本次运行"),
    "contest": ("Sides", "对比双方"),
    "workload": ("Workload", "负载"),
    "layer": ("Layer", "层"),
    "ratio": ("Ratio", "比值"),
    "interval": ("95 % interval", "95 % 区间"),
    "pairs": ("Pairs", "对数"),
    "outcome": ("Shows", "表明"),
    "iops": ("IOPS", "IOPS"),
    "bandwidth": ("Bandwidth", "带宽"),
    "cpu": ("CPU per I/O", "每 I/O 的 CPU"),
    "max": ("max", "最大"),
    "again": ("Run it again", "重新运行"),
    "host": ("Host", "主机"),
    "storage": ("Primary storage", "主存储"),
    "preset": ("Preset", "预设"),
    "deployment": ("Deployment", "部署"),
    "machine": ("Measured on", "测量环境"),
    "raw": (
        "Every round and the merged histograms are in this file as JSON, in the element raw.",
        "每一轮的数据与合并后的直方图以 JSON 形式保存在本文件的 raw 元素中。",
    ),
    "equal": ("equal", "相等"),
    "within the margin": ("within the margin", "在容限内"),
    "worse": ("worse", "更差"),
    "better": ("better", "更好"),
    "not-judged": ("not judged here", "此处不作判定"),
    "unclear": ("unclear", "不明确"),
    "theme-auto": ("Auto", "自动"),
    "theme-light": ("Light", "浅色"),
    "theme-dark": ("Dark", "深色"),
}


def words(key: str, **values: object) -> Wording:
    """The text of that key, filled in. KeyError for a key that is not there."""
    en, zh = _TEXTS[key]
    return Wording(en=en.format(**values), zh=zh.format(**values))
