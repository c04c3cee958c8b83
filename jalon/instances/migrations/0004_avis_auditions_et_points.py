import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("contrats", "0005_raison_complexe"),
        ("documents", "0003_messages_a_code"),
        ("instances", "0003_deliberations"),
        ("manquements", "0002_garanties_de_la_decision"),
        ("orientations", "0005_listes_de_criteres"),
        ("personnes", "0009_lien_pour_repondre"),
    ]

    operations = [
        migrations.CreateModel(
            name="AvisDossier",
            fields=[
                (
                    "dossier",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="avis_rendu",
                        serialize=False,
                        to="instances.dossierseance",
                        verbose_name="dossier",
                    ),
                ),
                (
                    "sens",
                    models.CharField(
                        blank=True,
                        choices=[("favorable", "Favorable"), ("defavorable", "Défavorable"), ("partage", "Partagé")],
                        max_length=12,
                        verbose_name="sens",
                    ),
                ),
                ("voix_pour", models.PositiveSmallIntegerField(null=True, verbose_name="voix pour")),
                ("voix_contre", models.PositiveSmallIntegerField(null=True, verbose_name="voix contre")),
                (
                    "nature",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("suspension", "Réduction ou suspension"),
                            ("suppression", "Suppression"),
                            ("amende", "Amende administrative"),
                        ],
                        max_length=12,
                        verbose_name="sanction proposée",
                    ),
                ),
                ("taux", models.PositiveSmallIntegerField(null=True, verbose_name="part proposée (%)")),
                ("duree", models.PositiveSmallIntegerField(null=True, verbose_name="durée proposée (mois)")),
                ("texte", models.TextField(blank=True, max_length=2000, verbose_name="avis")),
                (
                    "contrat",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="avis_seances",
                        to="contrats.contrat",
                        verbose_name="contrat",
                    ),
                ),
                (
                    "demande",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="avis_seances",
                        to="orientations.demandereorientation",
                        verbose_name="demande de réorientation",
                    ),
                ),
                (
                    "manquement",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="avis_seances",
                        to="manquements.manquement",
                        verbose_name="manquement",
                    ),
                ),
                (
                    "regle",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="manquements.reglesanction",
                        verbose_name="règle de la sanction proposée",
                    ),
                ),
            ],
            options={
                "verbose_name": "avis d'une séance",
                "ordering": ("dossier_id",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("contrat", None), ("demande", None), ("manquement__isnull", False)),
                            models.Q(("contrat", None), ("demande__isnull", False), ("manquement", None)),
                            models.Q(("contrat__isnull", False), ("demande", None), ("manquement", None)),
                            _connector="OR",
                        ),
                        name="avis_dossier_un_seul_objet",
                        violation_error_message="Un avis porte sur une procédure, une demande ou un contrat : l'un des trois.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("duree", None), ("nature", ""), ("regle", None), ("taux", None)),
                            models.Q(
                                ("manquement__isnull", False),
                                ("regle__isnull", False),
                                ("sens", "favorable"),
                                models.Q(("nature", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="avis_dossier_sanction_si_favorable",
                        violation_error_message="Seul un avis favorable propose une sanction, et cite sa règle.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("voix_contre", None), ("voix_pour", None)),
                            models.Q(("voix_contre__isnull", False), ("voix_pour__isnull", False)),
                            _connector="OR",
                        ),
                        name="avis_dossier_voix_comptees",
                        violation_error_message="Comptez les voix pour et les voix contre, ou aucune.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PointSeance",
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
                ("rang", models.PositiveSmallIntegerField(verbose_name="rang")),
                ("intitule", models.CharField(max_length=200, verbose_name="intitulé")),
                ("expose", models.TextField(blank=True, max_length=2000, verbose_name="de quoi il s'agit")),
                ("decision", models.TextField(blank=True, max_length=2000, verbose_name="décision")),
                ("responsable", models.CharField(blank=True, max_length=160, verbose_name="qui la porte")),
                ("echeance", models.DateField(blank=True, null=True, verbose_name="pour le")),
                ("fait_le", models.DateField(blank=True, null=True, verbose_name="fait le")),
                ("suite", models.CharField(blank=True, max_length=500, verbose_name="ce qui a été fait")),
                ("retire_le", models.DateField(blank=True, null=True, verbose_name="retiré le")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="inscrit le"
                    ),
                ),
                (
                    "inscrit_par",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="inscrit par",
                    ),
                ),
                (
                    "seance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="points",
                        to="instances.seance",
                        verbose_name="séance",
                    ),
                ),
                (
                    "theme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="instances.themeinstance",
                        verbose_name="thème",
                    ),
                ),
            ],
            options={
                "verbose_name": "point d'une séance",
                "ordering": ("seance_id", "rang", "id"),
                "indexes": [models.Index(fields=["seance", "rang"], name="point_seance_rang")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decision", ""), _negated=True),
                            models.Q(("echeance", None), ("fait_le", None), ("responsable", "")),
                            _connector="OR",
                        ),
                        name="point_confie_avec_sa_decision",
                        violation_error_message="On confie une décision : écrivez-la avant de dire qui la porte et pour quand.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("echeance", None), models.Q(("responsable", ""), _negated=True), _connector="OR"
                        ),
                        name="point_echeance_confiee",
                        violation_error_message="Une échéance a quelqu'un pour la tenir : dites qui.",
                    ),
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name="dossierseance",
            name="dossier_dans_une_seule_seance",
        ),
        migrations.AddField(
            model_name="dossierseance",
            name="assistee_par",
            field=models.CharField(blank=True, max_length=160, verbose_name="assistée par"),
        ),
        migrations.AddField(
            model_name="dossierseance",
            name="convocation",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="documents.document",
                verbose_name="lettre de convocation",
            ),
        ),
        migrations.AddField(
            model_name="dossierseance",
            name="convoquee_le",
            field=models.DateField(null=True, verbose_name="personne convoquée le"),
        ),
        migrations.AddField(
            model_name="dossierseance",
            name="entendue_le",
            field=models.DateField(null=True, verbose_name="personne entendue le"),
        ),
        migrations.AddField(
            model_name="dossierseance",
            name="nature",
            field=models.CharField(
                choices=[
                    ("orientation", "Décide des orientations"),
                    ("avis", "Donne un avis"),
                    ("generale", "Traite des points, sans dossier de personne"),
                ],
                default="orientation",
                max_length=16,
                verbose_name="nature",
            ),
        ),
        migrations.AddField(
            model_name="dossierseance",
            name="passage_a",
            field=models.TimeField(null=True, verbose_name="heure de passage"),
        ),
        migrations.AddField(
            model_name="themeinstance",
            name="delai_jours",
            field=models.PositiveSmallIntegerField(null=True, verbose_name="jours pour examiner un dossier"),
        ),
        migrations.AddField(
            model_name="themeinstance",
            name="direction",
            field=models.CharField(
                blank=True,
                choices=[("vers_social", "Vers le social"), ("vers_pro", "Vers le professionnel")],
                max_length=12,
                verbose_name="sens de la réorientation",
            ),
        ),
        migrations.AddField(
            model_name="themeinstance",
            name="fraude",
            field=models.BooleanField(default=False, verbose_name="réservé à la fraude"),
        ),
        migrations.AddField(
            model_name="themeinstance",
            name="natures",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=12),
                default=list,
                size=None,
                verbose_name="sanctions proposables",
            ),
        ),
        migrations.AddField(
            model_name="themeinstance",
            name="recidive",
            field=models.BooleanField(default=False, verbose_name="réservé à la récidive"),
        ),
        migrations.AlterField(
            model_name="dossierseance",
            name="avis",
            field=models.CharField(
                blank=True,
                choices=[("unanime", "Unanime"), ("majoritaire", "À la majorité"), ("partage", "Voix partagées")],
                max_length=12,
                verbose_name="avis de la séance",
            ),
        ),
        migrations.AlterField(
            model_name="themeinstance",
            name="effet",
            field=models.CharField(
                choices=[
                    ("orientation", "La personne est orientée"),
                    ("reorientation", "La demande de changement reçoit son avis"),
                    ("manquement", "La procédure de manquement reçoit son avis"),
                    ("contrat_complexe", "Le contrat reçoit l'avis de la lecture commune"),
                    ("general", "Le relevé de décisions est diffusé"),
                ],
                max_length=20,
                verbose_name="effet",
            ),
        ),
        migrations.AlterField(
            model_name="typeinstance",
            name="nature",
            field=models.CharField(
                choices=[
                    ("orientation", "Décide des orientations"),
                    ("avis", "Donne un avis"),
                    ("generale", "Traite des points, sans dossier de personne"),
                ],
                max_length=16,
                verbose_name="nature",
            ),
        ),
        migrations.AddConstraint(
            model_name="dossierseance",
            constraint=models.UniqueConstraint(
                condition=models.Q(("etat__in", ["inscrit", "examine"])),
                fields=("personne", "nature"),
                name="dossier_dans_une_seule_seance",
                violation_error_message="Cette personne est déjà à l'ordre du jour d'une séance de cette nature.",
            ),
        ),
        migrations.AddConstraint(
            model_name="dossierseance",
            constraint=models.UniqueConstraint(
                condition=models.Q(("etat__in", ["inscrit", "examine"]), ("passage_a__isnull", False)),
                fields=("seance", "passage_a"),
                name="dossier_seance_une_personne_a_la_fois",
                violation_error_message="Une autre personne passe déjà à cette heure.",
            ),
        ),
        migrations.AddConstraint(
            model_name="dossierseance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("convoquee_le", None),
                    models.Q(("convocation__isnull", False), ("passage_a__isnull", False)),
                    _connector="OR",
                ),
                name="dossier_seance_convoquee_a_une_heure",
                violation_error_message="Une personne convoquée a une heure de passage et une lettre.",
            ),
        ),
        migrations.AddConstraint(
            model_name="dossierseance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("nature", "avis"),
                    models.Q(("assistee_par", ""), ("convoquee_le", None), ("entendue_le", None), ("passage_a", None)),
                    _connector="OR",
                ),
                name="dossier_seance_orientation_sans_audition",
                violation_error_message="On n'entend la personne que devant une instance qui donne un avis.",
            ),
        ),
    ]
