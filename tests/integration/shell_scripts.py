"""Command lines for the ZooKeeper shell, run by test_zookeeper_shell.py against literals of the Java shell, and by the peers
test against the Java shell itself. ROOT is a node of the run's own."""

NODES = '''create ROOT/a hello
create ROOT/a/b "two words"
create ROOT/a/b/c
create -s ROOT/a/seq- x
create -s ROOT/a/seq- y
create -e ROOT/e eph
create -e -s ROOT/e- eph
create -c ROOT/cont
ls ROOT
ls -R ROOT
ls -s ROOT/a
get ROOT/a
get -s ROOT/a/b
get ROOT/a/b/c
stat ROOT/a
set ROOT/a new
set -s -v 1 ROOT/a newer
set -v 1 ROOT/a newest
get ROOT/a
delete ROOT/a
delete -v 7 ROOT/a/b/c
delete -v 0 ROOT/a/b/c
deleteall ROOT/a
ls ROOT
create ROOT
create ROOT/e/child
create ROOT/x/y
get ROOT/nope
ls ROOT/nope
stat ROOT/nope
delete ROOT/nope
deleteall ROOT/nope
set ROOT/nope x
sync ROOT
getAllChildrenNumber ROOT
getEphemerals ROOT/e-
create 'ROOT/sp ace' 'single "quoted" data'
get "ROOT/sp ace"
create ROOT/utf "\u00e4\u00f6\u00fc \u20ac"
get ROOT/utf
ls ROOT extra
get ROOT/utf watch
stat ROOT/utf 1
delete ROOT/utf 0
ls -? ROOT
create ROOT/tree
create ROOT/tree/1
create ROOT/tree/2
deleteall -b 2 ROOT/tree
deleteall -b 0 ROOT/sp
ls ROOT
'''

WRONG = '''ls
ls a
ls /a//b
ls /a/
ls /a/../b
ls /a/./b
ls ""
get
get -z /
get -- -x
create
create x
create -c -e /x
create -t abc /x
create -t -5 /x
create -t 0 /x
create -t 2000000000000 /x
create -e -t 5 /x
create -c -t 5 /x
create /x/
create -t
set /
set
set -v
set -s -v -s / x
set -v5 /zookeeper x
set -v=5 /zookeeper x
set -sv 5 /zookeeper x
delete
delete -v
deleteall
deleteall -b x /foo
sync
sync x
getAllChildrenNumber
getEphemerals x
stat
getAcl
getAcl x
setAcl
setAcl /
addauth
addWatch
addWatch -m foo /
addWatch / /
removewatches
removewatches x
removewatches /nowatch
removewatches -c /nowatch
setquota
setquota -n
setquota -n 5
setquota -n x /
setquota -n 0 /zz
setquota -b -1 /zz
setquota -n 5 -b 5 /zz
setquota -n 5 /zz
setquota -n 5 /zookeeper/quota/x
delquota
delquota -n -b /zz
delquota /zz
listquota
listquota /
listquota /zz
reconfig
reconfig -v xyz -add 1
reconfig -add x -members y
reconfig -file /nonexistent -members y
config x
config -q
nosuch command
'''

RIGHTS = '''create ROOT/a x world:anyone:r,ip:127.0.0.1:cdrwa
getAcl ROOT/a
setAcl ROOT/a ip:10.0.0.1:cdrwa
get ROOT/a
set ROOT/a y
getAcl ROOT/a
ls ROOT/a
create ROOT/b x digest:bob:AAAA:cdrwa
create ROOT/c x auth::cdrwa
create ROOT/c x bad
create ROOT/c x world:anyone:xyz
addauth digest bob:secret
create ROOT/d x auth::cdrwa
getAcl ROOT/d
create ROOT/d/1
create ROOT/d/2
setAcl -R ROOT/d world:anyone:cdrwa
getAcl ROOT/d/2
setAcl -s -v 5 ROOT/d world:anyone:cdrwa
'''

QUOTAS = '''create ROOT/q
create ROOT/q/r
setquota -n 3 ROOT/q
listquota ROOT/q
setquota -b 100 ROOT/q
setquota -N 50 ROOT/q
setquota -B 500 ROOT/q
listquota ROOT/q
setquota -n 3 ROOT/q/r
setquota -n 3 ROOT
create ROOT/q/1
create ROOT/q/2
setquota -n 1 ROOT/q
setquota -n 1 ROOT/nope
delquota -n ROOT/q
listquota ROOT/q
delquota ROOT/q
delquota ROOT/q
listquota ROOT/q
'''

WATCHES = '''create ROOT/w
ls -w ROOT/w
create ROOT/w/1
create ROOT/w/2
get -w ROOT/w
set ROOT/w x
stat -w ROOT/w/none
create ROOT/w/none
get -w ROOT/w/none
delete ROOT/w/none
addWatch ROOT/w
create ROOT/w/deep
set ROOT/w/deep x
create ROOT/w/deep/er
delete ROOT/w/deep/er
addWatch -m persistent ROOT/p
create ROOT/p
set ROOT/p 1
set ROOT/p 2
removewatches ROOT/p
removewatches ROOT/p
ls -w ROOT/p
get -w ROOT/p
removewatches -c ROOT/p
removewatches -d ROOT/p
removewatches -d ROOT/p
removewatches -a -l ROOT/w
printwatches off
ls -w ROOT/p
create ROOT/p/zz
sync ROOT/p
printwatches
printwatches on
history
redo 1
redo 99
redo -1
redo
quit
ls /
'''

SESSION = '''ls ROOT
close
ls /
history
connect
ls ROOT
config
'''

ALL = {"nodes": NODES, "wrong": WRONG, "rights": RIGHTS, "quotas": QUOTAS, "watches": WATCHES, "session": SESSION}
