"""Classes tx and confirm: modes of a channel, and what a transaction holds back."""
from basic import PUBLISH, returned
from suite import NOTHING, Family, call, channel_close

family = Family('tx')
case, answers, refuses = family.case, family.answers, family.refuses

SELECT, CONFIRM = call('Tx.Select'), call('Confirm.Select')

refuses('commit without select', 406, 'channel is not transactional', 'Tx.Commit')
refuses('rollback without select', 406, 'channel is not transactional', 'Tx.Rollback')
answers('select twice', 'ch1 Tx.SelectOk', 'Tx.Select', after=[SELECT])
refuses('confirm.select after tx.select', 406, 'cannot switch from tx to confirm mode',
        'Confirm.Select', after=[SELECT])
refuses('tx.select after confirm.select', 406, 'cannot switch from confirm to tx mode', 'Tx.Select',
        after=[CONFIRM])
answers('confirm.select twice', 'ch1 Confirm.SelectOk', 'Confirm.Select', after=[CONFIRM])
refuses('ack unknown tag in tx', 406, 'unknown delivery tag 99', 'Basic.Ack', after=[SELECT],
        delivery_tag=99)


def published(name, golden, commit=False, **message):
    """One message in a transaction, committed or not."""
    @case(name, golden)
    def run(p):
        p.open()
        p.call(1, 'Tx.Select')
        p.publish(body=b'x', **message)
        if commit:
            p.send(1, 'Tx.Commit')
        return p.observe()


@case('commit into a full reject-publish queue', channel_close(
    406, 'partial tx completion', 'Tx.Commit'))
def full_queue(p):
    p.open()
    queue = p.call(1, 'Queue.Declare', exclusive=True,
                   arguments={'x-max-length': 1, 'x-overflow': 'reject-publish'})['queue']
    p.call(1, 'Tx.Select')
    for _ in range(3):
        p.publish(key=queue, body=b'x')
    p.send(1, 'Tx.Commit')
    return p.observe()


published('publish to missing exchange in tx', channel_close(
    404, "no exchange 'nope.x' in vhost '/'", PUBLISH), exchange='nope.x', key='k')
published('mandatory unroutable in tx: before commit', NOTHING, key='nope.q', mandatory=True)
published('mandatory unroutable in tx: return at commit', f'{returned(1)} ; ch1 Tx.CommitOk',
          commit=True, key='nope.q', mandatory=True)
