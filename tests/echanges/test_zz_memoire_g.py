import resource
from tests.concurrence.conftest import fichier
from jalon.echanges.services import importer_flux
def test_m(db, tmp_path):
    c = fichier(tmp_path/"1.xml","2026-09-30")
    print("avant", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss//1024)
    importer_flux(c, simulation=True)
    print("apres import", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss//1024)
    import jalon.observatoire.tasks
    print("apres tasks", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss//1024)
    from jalon.observatoire.tasks import demander_cliche
    import datetime
    try: demander_cliche(datetime.date(2026,9,30))
    except BaseException as e: print(repr(e)[:200])
    print("apres cliche", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss//1024)
