import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("organismes", "0001_initial"),
        ("personnes", "0007_codes_a_usage_unique"),
        ("rendezvous", "0003_rendez_vous"),
    ]

    operations = [
        migrations.CreateModel(
            name="FluxAgenda",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        unique=True,
                        verbose_name="identifiant public",
                    ),
                ),
                (
                    "empreinte",
                    models.CharField(editable=False, max_length=64, unique=True, verbose_name="empreinte de l'adresse"),
                ),
                (
                    "cree_le",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="créé le"),
                ),
                ("lu_le", models.DateTimeField(null=True, verbose_name="dernière lecture le")),
                ("revoque_le", models.DateTimeField(null=True, verbose_name="révoqué le")),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="agent",
                    ),
                ),
            ],
            options={
                "verbose_name": "flux d'agenda",
                "ordering": ("-cree_le", "-id"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("revoque_le", None)),
                        fields=("agent",),
                        name="flux_agenda_un_par_agent",
                        violation_error_message="Cet agent a déjà une adresse d'agenda : fermez-la d'abord.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NoteEntretien",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        unique=True,
                        verbose_name="identifiant public",
                    ),
                ),
                ("date", models.DateField(verbose_name="date de l'échange")),
                ("faits", models.TextField(blank=True, max_length=5000, verbose_name="les faits")),
                (
                    "dit_par_la_personne",
                    models.TextField(blank=True, max_length=5000, verbose_name="ce que la personne a dit"),
                ),
                ("analyse", models.TextField(blank=True, max_length=5000, verbose_name="ce que j'en pense")),
                ("suite", models.CharField(blank=True, max_length=300, verbose_name="la suite convenue")),
                (
                    "organisme",
                    models.CharField(blank=True, max_length=200, verbose_name="organisme de l'auteur à ce moment"),
                ),
                ("numero", models.PositiveIntegerField(default=1, verbose_name="numéro d'écriture")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="créée le"),
                ),
                ("modifie_le", models.DateTimeField(auto_now=True, verbose_name="modifiée le")),
                (
                    "auteur",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="auteur",
                    ),
                ),
                (
                    "personne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notes_entretien",
                        to="personnes.personne",
                        verbose_name="personne",
                    ),
                ),
                (
                    "rendez_vous",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="note",
                        to="rendezvous.rendezvous",
                        verbose_name="rendez-vous",
                    ),
                ),
            ],
            options={
                "verbose_name": "note d'entretien",
                "ordering": ("-date", "-id"),
                "indexes": [models.Index(fields=["personne", "-date"], name="note_personne")],
            },
        ),
        migrations.CreateModel(
            name="OccupationAgenda",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.UUIDField(verbose_name="rendez-vous")),
                ("periode", django.contrib.postgres.fields.ranges.DateTimeRangeField(verbose_name="période")),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="agent",
                    ),
                ),
            ],
            options={
                "verbose_name": "temps pris d'un agenda",
                "ordering": ("agent_id", "periode", "id"),
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("agent", "="), ("periode", "&&")],
                        name="agenda_sans_chevauchement",
                        violation_error_message="Cet agent a déjà un rendez-vous sur ce temps.",
                    ),
                    models.UniqueConstraint(
                        fields=("agent", "source"),
                        name="agenda_un_temps_par_rendez_vous",
                        violation_error_message="Ce rendez-vous est déjà dans l'agenda.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ParticipantRendezVous",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("nom", models.CharField(blank=True, max_length=200, verbose_name="nom")),
                (
                    "agent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="agent",
                    ),
                ),
                (
                    "rendez_vous",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="participants",
                        to="rendezvous.rendezvous",
                        verbose_name="rendez-vous",
                    ),
                ),
            ],
            options={
                "verbose_name": "participant à un rendez-vous",
                "ordering": ("rendez_vous_id", "id"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("agent__isnull", False), ("nom", "")),
                            models.Q(("agent", None), models.Q(("nom", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="participant_nomme",
                        violation_error_message="Un participant est un agent de Jalon ou un professionnel nommé, pas les deux.",
                    ),
                    models.UniqueConstraint(
                        fields=("rendez_vous", "agent"),
                        name="participant_une_fois",
                        violation_error_message="Ce professionnel participe déjà à ce rendez-vous.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlageAgenda",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        unique=True,
                        verbose_name="identifiant public",
                    ),
                ),
                (
                    "jour",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "Lundi"),
                            (2, "Mardi"),
                            (3, "Mercredi"),
                            (4, "Jeudi"),
                            (5, "Vendredi"),
                            (6, "Samedi"),
                        ],
                        verbose_name="jour",
                    ),
                ),
                ("debut", models.TimeField(verbose_name="de")),
                ("fin", models.TimeField(verbose_name="à")),
                (
                    "duree",
                    models.PositiveSmallIntegerField(default=45, verbose_name="durée d'un rendez-vous en minutes"),
                ),
                (
                    "modalite",
                    models.CharField(
                        choices=[
                            ("sur_place", "Sur place"),
                            ("telephone", "Par téléphone"),
                            ("visio", "En visioconférence"),
                            ("domicile", "Au domicile de la personne"),
                        ],
                        default="sur_place",
                        max_length=12,
                        verbose_name="modalité",
                    ),
                ),
                ("lieu", models.CharField(blank=True, max_length=300, verbose_name="lieu")),
                ("periode", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="période")),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="plages",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="agent",
                    ),
                ),
                (
                    "organisme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organismes.organisme",
                        verbose_name="organisme",
                    ),
                ),
            ],
            options={
                "verbose_name": "plage d'agenda",
                "ordering": ("agent_id", "jour", "debut", "id"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("fin__gt", models.F("debut"))),
                        name="plage_heures_a_l_endroit",
                        violation_error_message="L'heure de fin doit suivre l'heure de début.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("modalite", "sur_place"), _negated=True),
                            models.Q(("lieu", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="plage_lieu_sur_place",
                        violation_error_message="Une plage de rendez-vous sur place a un lieu.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("duree__gte", 10), ("duree__lte", 240)),
                        name="plage_duree_utile",
                        violation_error_message="Un rendez-vous dure de dix minutes à quatre heures.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PropositionRendezVous",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        unique=True,
                        verbose_name="identifiant public",
                    ),
                ),
                (
                    "objet",
                    models.CharField(
                        choices=[
                            ("premier", "Premier rendez-vous avec le référent"),
                            ("entretien", "Entretien de suivi"),
                            ("contrat", "Écrire le contrat"),
                            ("bilan", "Faire le bilan"),
                            ("demarche", "Faire une démarche ensemble"),
                        ],
                        max_length=20,
                        verbose_name="objet",
                    ),
                ),
                ("du", models.DateField(verbose_name="à partir du")),
                ("au", models.DateField(verbose_name="au plus tard le")),
                (
                    "etat",
                    models.CharField(
                        choices=[
                            ("ouverte", "En attente d'un choix"),
                            ("prise", "Créneau choisi"),
                            ("retiree", "Retirée"),
                        ],
                        default="ouverte",
                        max_length=10,
                        verbose_name="état",
                    ),
                ),
                (
                    "proposee_le",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="proposée le"
                    ),
                ),
                ("relancee_le", models.DateTimeField(null=True, verbose_name="relancée le")),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="agent",
                    ),
                ),
                (
                    "organisme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organismes.organisme",
                        verbose_name="organisme",
                    ),
                ),
                (
                    "personne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="propositions_rendez_vous",
                        to="personnes.personne",
                        verbose_name="personne",
                    ),
                ),
                (
                    "proposee_par",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="proposée par",
                    ),
                ),
                (
                    "rendez_vous",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="proposition",
                        to="rendezvous.rendezvous",
                        verbose_name="rendez-vous pris",
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation à choisir un rendez-vous",
                "ordering": ("-proposee_le", "-id"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("etat", "ouverte")),
                        fields=("personne", "agent"),
                        name="proposition_une_seule_ouverte",
                        violation_error_message="Une invitation à choisir un créneau attend déjà la réponse de cette personne.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("au__gte", models.F("du"))),
                        name="proposition_dates_a_l_endroit",
                        violation_error_message="La dernière date doit suivre la première.",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="rendezvous",
            name="adresse_visio",
            field=models.URLField(blank=True, max_length=300, verbose_name="adresse de la visioconférence"),
        ),
        migrations.AddField(
            model_name="rendezvous",
            name="constate_le",
            field=models.DateTimeField(null=True, verbose_name="constaté le"),
        ),
        migrations.AddField(
            model_name="rendezvous",
            name="constate_par",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="constaté par",
            ),
        ),
        migrations.AddField(
            model_name="rendezvous",
            name="motif",
            field=models.CharField(
                blank=True, max_length=300, verbose_name="motif de l'annulation, du report ou de l'absence"
            ),
        ),
        migrations.AddField(
            model_name="rendezvous",
            name="prise",
            field=models.CharField(
                choices=[
                    ("ensemble", "Fixé ensemble"),
                    ("invitation", "Choisi par la personne"),
                    ("convocation", "Convocation"),
                ],
                default="ensemble",
                max_length=12,
                verbose_name="pris par",
            ),
        ),
        migrations.AddField(
            model_name="rendezvous",
            name="rappele_le",
            field=models.DateTimeField(null=True, verbose_name="rappel envoyé le"),
        ),
        migrations.AddField(
            model_name="rendezvous",
            name="remplace",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="remplace_par",
                to="rendezvous.rendezvous",
                verbose_name="remplace le rendez-vous",
            ),
        ),
        migrations.AlterField(
            model_name="rendezvous",
            name="agent",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rendez_vous",
                to=settings.AUTH_USER_MODEL,
                verbose_name="agent",
            ),
        ),
        migrations.AlterField(
            model_name="rendezvous",
            name="etat",
            field=models.CharField(
                choices=[
                    ("fixe", "Prévu"),
                    ("honore", "Honoré"),
                    ("excuse", "Excusé"),
                    ("manque", "Non venu"),
                    ("annule", "Annulé par le service"),
                    ("reporte", "Reporté"),
                ],
                default="fixe",
                max_length=12,
                verbose_name="état",
            ),
        ),
        migrations.AlterField(
            model_name="rendezvous",
            name="objet",
            field=models.CharField(
                choices=[
                    ("premier", "Premier rendez-vous avec le référent"),
                    ("entretien", "Entretien de suivi"),
                    ("contrat", "Écrire le contrat"),
                    ("bilan", "Faire le bilan"),
                    ("demarche", "Faire une démarche ensemble"),
                ],
                max_length=20,
                verbose_name="objet",
            ),
        ),
        migrations.AddIndex(
            model_name="rendezvous",
            index=models.Index(fields=["agent", "debut"], name="rendez_vous_agent"),
        ),
        migrations.RunSQL(
            sql="update rendezvous_rendezvous set motif = 'Motif non repris' where etat = 'annule'; update rendezvous_rendezvous set constate_le = created_at where etat in ('honore', 'manque')",
            reverse_sql="",
        ),
        migrations.AddConstraint(
            model_name="rendezvous",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("etat__in", ["honore", "manque"]), _negated=True),
                    ("constate_le__isnull", False),
                    _connector="OR",
                ),
                name="rendez_vous_constate_date",
                violation_error_message="Une présence ou une absence a une date.",
            ),
        ),
        migrations.AddConstraint(
            model_name="rendezvous",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("etat__in", ["annule", "excuse"]), _negated=True),
                    models.Q(("motif", ""), _negated=True),
                    _connector="OR",
                ),
                name="rendez_vous_annulation_motivee",
                violation_error_message="Un rendez-vous annulé ou excusé dit pourquoi.",
            ),
        ),
        migrations.RunSQL(
            sql="insert into rendezvous_occupationagenda (agent_id, source, periode) select agent_id, public_id, tstzrange(debut, debut + make_interval(mins => duree)) from rendezvous_rendezvous where etat = 'fixe' and agent_id is not null on conflict do nothing",
            reverse_sql="",
        ),
    ]
