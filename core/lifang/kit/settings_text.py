"""The lifang.toml a new instance starts with: every key, commented out, with its default."""

DEFAULT_FILE = """\
# 里坊的设置。去掉行首的 # 并修改即可；改完后重新启动。
# Settings of Lifang. Remove the # and change what you need; then restart.
# 环境变量 LIFANG_键名（大写）优先于本文件。Variables LIFANG_<KEY> outrank this file.

# 数据库地址；不写则用本目录 data/lifang.db
# Database address; without it, data/lifang.db in this folder
# database = "sqlite:///data/lifang.db"

# 与其他系统相连的消息服务；不写则不连
# Message broker towards other systems; without it, none
# broker = "nats://127.0.0.1:4222"

# 消息服务上的流：名称；消息的形式 structured 或 binary；保存几天；服务丢失数据后重发最近多少小时
# Its stream: name; form of messages; days they are kept; hours told again after it lost its data
# broker_stream = "LIFANG"
# broker_form = "structured"
# broker_days = 7
# broker_again_hours = 24

# 从消息服务收下哪些主题；不写则不收
# Subjects taken in from the broker; without them, none
# broker_take_in = ["lifang.>"]

# 界面默认语言：zh 或 en
# Default language of the pages: zh or en
# language = "zh"

# 显示时间所用的时区
# Time zone in which times are shown
# zone = "Asia/Shanghai"

# 密钥文件，相对路径从本目录算起。没有密钥，备份无法恢复！
# Key file, relative to this folder. A backup without its key is useless!
# key_file = "keys/lifang.key"

# 网站监听的地址与端口
# Address and port of the web server
# host = "127.0.0.1"
# port = 8000

# 网站进程数；使用 SQLite 时 1 最快
# Number of web processes; with SQLite, 1 is fastest
# workers = 1

# 不用 https 也允许从其他电脑访问（只应用于可信的内部网络）
# Allow access from other machines without https (trusted internal networks only)
# allow_http = false

# 对外的网址：印在证明的二维码里，供人核验；没有写就不印二维码
# The public address, printed in the QR code of documents for verification; without it none is
# address = "https://lifang.example.cn"

# 断电保护：full 每次写入都落盘；normal 更快，断电可能丢失最后几笔
# Power-loss durability: full writes through; normal is faster and may lose the last writes
# durability = "full"

# 登录：闲置多少分钟、最长多少小时后须重新登录
# Sessions end after so many idle minutes, and after so many hours at the latest
# session_idle_minutes = 30
# session_hours = 12

# 日志详细程度：debug、info、warning 或 error
# Verbosity of the log: debug, info, warning or error
# log_level = "info"

# 每天自动备份，保留最近几份；0 不自动备份
# Backups are made once a day and so many are kept; 0 makes none
# backup_keep = 7

# 一个附件最多多少 MB
# How many MB an attachment may have
# attachment_mb = 20

# 事件等了多少分钟还没有处理，日志、doctor 和 /metrics 就报警
# After how many minutes an event that still waits is warned about: log, doctor, /metrics
# lag_minutes = 10

# 插件的一个部分在多少秒内出错多少次，就在那里暂停，等管理员恢复（lifang plugin release）
# After how many errors within how many seconds a part of a plugin is stopped where they happened
# plugin_errors = 5
# plugin_seconds = 60

# 事件在日志里保留多久：天数、latest（每条记录只留最新一个）或 keep；没有写的按插件的声明
# How long events stay in the log: days, latest of each record, or keep; else as plugins declare
# retention = ["core.clock.hour=90"]

# 通知在收件箱里保留几天
# How many days notices are kept in people's inboxes
# notice_days = 365

# 允许发往的内部网络地址（主机:端口）；平时只发往公网的 https 地址，不发往内部网络
# Addresses (host:port) inside the network that may be sent to; else only public https ones are
# outbound_allow = ["10.1.2.3:8443"]

# 插件目录所在的文件夹；不得载入的插件（编号、版本、日期、原因）
# The folder of the plugin catalogue; plugins that must not be loaded (id, versions, date, reason)
# catalogue = "catalogue"
# deny = ["some_plugin <1.3 2026-11-30 reason"]
"""
